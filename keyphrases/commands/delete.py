"""`keyphrases delete`: takes posts down for good."""

from __future__ import annotations

from typing import TextIO

import click
import orjson

from indexer.run_id import new_run_id
from indexer.takedown import take_down
from keyphrases.console import out
from keyphrases.index_access import locked_index
from posts.errors import InputError


@click.command(name="delete")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--index", required=True, help="embedded:PATH or http(s)://HOST:PORT/NAME")
@click.option(
    "--from",
    "file",
    type=click.File(encoding="utf-8-sig"),
    help="File with an id on each line; - is standard input.",
)
@click.option("--why", default="", help="Kept with the dead letter, for people.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(ids: tuple[str, ...], index: str, file: TextIO | None, why: str, as_json: bool) -> None:
    """Take posts down: out of all versions of the index, of later runs and of rebuilds.

    An id that begins with a dash comes behind `--`.
    """
    wanted = [*ids, *_lines(file)]
    if not wanted:
        raise InputError("say which posts to delete: ID..., or --from FILE")
    with locked_index(index) as opened:
        removed = take_down(opened, wanted, why, new_run_id())
    count = len(set(wanted))
    if as_json:
        click.echo(orjson.dumps({"taken_down": count, "removed": removed}))
    else:
        out.print(f"taken down: {count:,}, of which the index had {removed:,}")


def _lines(file: TextIO | None) -> list[str]:
    if file is None:
        return []
    try:
        return [line for line in file.read().split("\n") if line.strip()]
    except UnicodeDecodeError as error:
        raise InputError(f"{file.name} is not text in UTF-8; write an id on each line") from error
