"""The inner command: what is to run on the cluster, looked through before it is sent there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from keyphrases.submission.environment import has_password
from keyphrases.submission.night import CHECK_ENDING, name_of
from model_store.base_names import POCKET, SMALL
from posts.errors import InputError
from trainer.configs import SHIPPED

INDEX, TRAIN = KINDS = ("index", "train")

_PLACES = ("dump", "store", "dead_letters", "retry_dead", "report", "data", "valid")
"""Parameters that name a folder, a file or s3://bucket/prefix."""
_EMBEDDED = "embedded:"


def read_command(
    inner: click.Command, arguments: Sequence[str], outer: click.Context
) -> Mapping[str, Any]:
    """The parameters of an inner command, as its own parser reads them.

    Raises click's usage errors, and InputError for a secret among them.
    """
    if any(map(has_password, arguments)):
        raise InputError(
            "an argument carries a password, which would be written to the cluster's list of "
            "jobs; name the variable that has it with --env NAME"
        )
    name = outer.info_name
    return inner.make_context(name, [*arguments], parent=outer.parent).params


def check_places(kind: str, given: Mapping[str, Any], working_dir: Path | None) -> None:
    """Raises InputError for what means something else, or nothing, on the cluster."""
    for name in _PLACES:
        if (place := given.get(name)) is not None:
            _check_place(_shown(name), place)
    if kind == INDEX:
        _check_index(given)
    else:
        _check_base(given["base"])
        _check_config(given["config"], working_dir)


def default_name(kind: str, given: Mapping[str, Any]) -> str:
    """After the index, or after the model, which may well have the name of an index."""
    return name_of(given["index"]) if kind == INDEX else f"train-{name_of(given['name'])}"


def full_name(name: str, given: Mapping[str, Any]) -> str:
    """With the ending of a job that checks only: its success is not the night's."""
    return name + CHECK_ENDING if given.get("check") else name


def _check_index(given: Mapping[str, Any]) -> None:
    if given["previewed"] is not None or given["preview_page"] is not None:
        raise InputError(
            "--preview is for someone who looks at it and needs no cluster; "
            "run `keyphrases index ... --preview N` on a machine at hand"
        )
    index = given["index"]
    if index.startswith(_EMBEDDED):
        _check_place("--index", index.removeprefix(_EMBEDDED))


def _check_base(base: str) -> None:
    """`org/model` is a hub id, and a folder only if it is one here."""
    if base in (SMALL, POCKET):
        return
    is_hub_id = base.count("/") == 1 and base[0] not in "./~" and not Path(base).is_dir()
    if not is_hub_id:
        _check_place("--base", base)


def _check_config(config: str | None, working_dir: Path | None) -> None:
    """A file of settings may be a part of the code that travels."""
    if config is None or config in SHIPPED:
        return
    if working_dir is None or not (working_dir / config).is_file():
        _check_place("--config", config)


def _check_place(option: str, place: str) -> None:
    """Whether it is absolute: such a path may lie on a file system that all machines share."""
    if "://" not in place and not Path(place).is_absolute():
        raise InputError(
            f"{option} {place} is a relative path, which means another place on the cluster; "
            "write an absolute one that all its machines share, or s3://bucket/prefix"
        )


def _shown(parameter: str) -> str:
    return "the dump" if parameter == "dump" else f"--{parameter.replace('_', '-')}"
