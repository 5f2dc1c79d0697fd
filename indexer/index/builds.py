"""The build of an index version in its stored form, and the rule that one index has one model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from indexer.index.records import Build
from posts.errors import InputError


def build_to_json(build: Build) -> dict[str, Any]:
    return asdict(build) | {"settings": dict(build.settings)}


def build_from_json(stored: Mapping[str, Any]) -> Build:
    """Inverse of `build_to_json`; `KeyError` or `TypeError` if it was not one of ours."""
    return Build(
        model=str(stored["model"]),
        model_digest=str(stored["model_digest"]),
        settings=dict(stored["settings"]),
        run=str(stored["run"]),
    )


def refuse_another_model(location: str, live: Build, build: Build) -> None:
    """`InputError` if the build's model is not the one that the live version was built with."""
    if live.model_digest != build.model_digest:
        raise InputError(
            f"the index {location} was built with model {live.model} "
            f"({live.model_digest[:12]}), and this run has {build.model} "
            f"({build.model_digest[:12]}); add --rebuild to build it anew with that"
        )
