"""`keyphrases score`: scores predictions that any program made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import orjson

from keyphrases.console import out, table
from posts.errors import InputError
from trainer.metrics import read_cases, score


@click.command(name="score")
@click.argument("predictions", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
def command(predictions: Path, as_json: bool) -> None:
    """Score PREDICTIONS.jsonl, lines of {id, text, gold: [...], predicted: [...]}.

    Two published definitions are reported, apart from each other: their numbers do not compare.
    """
    cases = list(read_cases(predictions))
    if not cases:
        raise InputError(f"{predictions} holds no predictions; write one JSON object per line")
    scores = score(cases)
    if as_json:
        click.echo(orjson.dumps(scores))
        return
    for drawn in score_tables(scores, f"{len(cases)} posts"):
        out.print(drawn)


def score_tables(scores: Mapping[str, Any], about: str) -> Iterator[Any]:
    """A table per definition, so that no column ever mixes the two."""
    cmkp = scores["cmkp"]
    columns = list(cmkp["all"])
    yield table(
        f"cmkp definition, {about}",
        ["posts with", *columns],
        [[part, *(cmkp[part][column] for column in columns)] for part in cmkp],
    )
    aimkp = scores["aimkp"]
    yield table(f"aimkp definition, {about}", ["", *aimkp], [["all", *aimkp.values()]])
