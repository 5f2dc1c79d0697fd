"""`keyphrases indexes`: the versions of an index, and which of them is live."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click
import orjson

from indexer.index.lifecycle import WAYS_BACK
from indexer.index.records import IndexVersion
from keyphrases.console import out, table
from keyphrases.index_access import locked_index, opened_index

_INDEX = click.option(
    "--index", "location", required=True, help="embedded:PATH or http(s)://HOST:PORT/NAME"
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_COLUMNS = ("version", "status", "documents", "model", "finished", "promoted")


@click.group(name="indexes")
def command() -> None:
    """List the versions of an index, promote, roll back and remove them."""


@command.command(name="list")
@_INDEX
@_JSON
def list_versions(location: str, as_json: bool) -> None:
    """List all versions and how far each has come."""
    with opened_index(location) as index:
        rows = [_row(one) for one in index.versions()]
    if as_json:
        click.echo(orjson.dumps(rows))
    elif rows:
        out.print(table(f"Versions of {location}", _COLUMNS, [_cells(row) for row in rows]))
    else:
        out.print(f"There is no index at {location} yet; `keyphrases index` makes one.")


@command.command()
@click.argument("version", type=int)
@_INDEX
def promote(version: int, location: str) -> None:
    """Make VERSION the live one, in one step; it must be finished."""
    with locked_index(location) as index:
        index.promote_version(version)
    out.print(f"version {version} of {location} is live")


@command.command()
@_INDEX
def rollback(location: str) -> None:
    """Make the version live again that was so before."""
    with locked_index(location) as index:
        version = index.roll_back()
    out.print(f"version {version} of {location} is live again")


@command.command()
@_INDEX
@click.option(
    "--keep",
    type=click.IntRange(min=0),
    default=WAYS_BACK,
    show_default=True,
    help="How many that were live stay.",
)
@click.option("--unpromoted", is_flag=True, help="Those of rebuilds that never went live too.")
def prune(location: str, keep: int, unpromoted: bool) -> None:
    """Remove versions that were live, but the KEEP youngest."""
    with locked_index(location) as index:
        gone = index.prune(keep=keep, unpromoted=unpromoted)
    out.print(f"removed: {', '.join(map(str, gone)) or 'none'}")


def _row(one: IndexVersion) -> dict[str, Any]:
    milestones = one.milestones
    return {
        "version": one.number,
        "status": one.status,
        "documents": one.documents,
        "model": one.build.model,
        "digest": one.build.model_digest,
        "finished": _iso(milestones.finished),
        "promoted": _iso(milestones.promoted),
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")


def _cells(row: dict[str, Any]) -> list[object]:
    shortened = {
        "documents": f"{row['documents']:,}",
        **{name: (row[name] or "")[:16].replace("T", " ") for name in ("finished", "promoted")},
    }
    return [shortened.get(name, row[name]) for name in _COLUMNS]
