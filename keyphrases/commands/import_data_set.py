"""`keyphrases import`: turns a published data set into a dump."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
import orjson
from rich.markup import escape

from keyphrases.console import Bar, err, out, table
from posts.imports.conversion import Tally, convert
from posts.imports.picture_folder import PictureFolder
from posts.imports.sources import LAYOUTS, find_splits

_COLUMNS = {
    "posts": "posts",
    "with_picture": "with picture",
    "pictures_missing": "missing",
    "pictures_broken": "unreadable",
    "broken_lines": "broken lines",
}


@click.command(name="import")
@click.argument("layout", type=click.Choice(LAYOUTS))
@click.argument("src")
@click.option("--out", "dump", required=True, help="Where to: an empty place, local or s3://.")
@click.option("--images", help="Local folder with the pictures.  [default: posts of text alone]")
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON instead of a table.")
def command(layout: str, src: str, dump: str, images: str | None, as_json: bool) -> None:
    """Turn the data set at SRC, in the LAYOUT in which it was published, into a dump.

    \b
    cmkp    lines of TEXT<sep>PHRASE;PHRASE<sep>PICTURE, as in valid_src.txt
    aimkp   JSON, as in valid.json; `cmkp` knows it as well

    SRC is such a file, or a folder with those of train, valid and test; each of a folder becomes a
    dump of its own, below --out.
    """
    pictures = None if images is None else PictureFolder(images)
    splits, below = find_splits(src, layout)
    with Bar("import") as bar:

        def show(tally: Tally) -> None:
            done = tally.posts + tally.broken_lines
            bar.show(
                f"import {tally.split}", done, tally.entries, f"{tally.with_picture:,} pictures"
            )

        tallies = convert(splits, dump, pictures, below, show)
    _tell(tallies)
    if as_json:
        click.echo(orjson.dumps(_summary(dump, tallies)))
        return
    rows = [
        [escape(tally.split), *(f"{tally.figures()[name]:,}" for name in _COLUMNS)]
        for tally in tallies
    ]
    out.print(table("imported", ["", *_COLUMNS.values()], rows))


def _tell(tallies: Sequence[Tally]) -> None:
    """What went wrong, as far as it is told one by one, and what was left."""
    for tally in tallies:
        for note in tally.notes:
            err.print(note, markup=False)
    left = sum(tally.pictures_left for tally in tallies)
    if left:
        err.print(f"{left:,} pictures are named and were left out; --images FOLDER takes them in")


def _summary(dump: str, tallies: Sequence[Tally]) -> dict[str, Any]:
    figures = [tally.figures() for tally in tallies]
    totals = {name: sum(each[name] for each in figures) for name in figures[0]}
    splits = {tally.split: tally.figures() for tally in tallies}
    return {"out": dump, **totals, "splits": splits}
