"""The number of actors as people write it."""

from __future__ import annotations

import click
import pytest

from keyphrases.actors import Actors


@pytest.mark.parametrize(("written", "meant"), [("auto", None), ("3", 3), (2, 2)])
def test_a_number_or_auto(written: object, meant: int | None) -> None:
    assert Actors().convert(written, None, None) == meant


def test_anything_else_is_refused() -> None:
    with pytest.raises(click.BadParameter, match="'all' is neither a number nor auto"):
        Actors().convert("all", None, None)
