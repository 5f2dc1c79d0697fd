"""Build and milestones of an index version in their stored form, one JSON object for both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from indexer.index.records import Build, Milestones


def version_to_json(build: Build, milestones: Milestones) -> dict[str, Any]:
    moments = {
        name: None if moment is None else moment.isoformat()
        for name, moment in asdict(milestones).items()
    }
    return asdict(build) | {"settings": dict(build.settings), "milestones": moments}


def build_from_json(stored: Mapping[str, Any]) -> Build:
    """Of what `version_to_json` made; `KeyError` or `TypeError` if it was not one of ours."""
    return Build(
        model=str(stored["model"]),
        model_digest=str(stored["model_digest"]),
        settings=dict(stored["settings"]),
        run=str(stored["run"]),
        # The first one had no number.
        layout=int(stored.get("layout", 1)),
        dimensions=int(stored.get("dimensions", 0)),
    )


def milestones_from_json(stored: Mapping[str, Any]) -> Milestones:
    """As `build_from_json`; an index of an earlier release has none."""
    moments: Mapping[str, str | None] = stored.get("milestones", {})
    return Milestones(
        **{
            name: None if moment is None else datetime.fromisoformat(moment)
            for name, moment in moments.items()
        }
    )
