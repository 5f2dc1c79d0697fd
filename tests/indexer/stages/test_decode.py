"""Decoded pictures have a bounded size, whatever their shape."""

from __future__ import annotations

import pytest
from PIL import Image

from indexer.stages.decode import rows_per_table, shrink

SIDE = 32


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((29_700, 64), (256, 32)),
        ((64, 29_700), (32, 256)),
        ((1000, 32), (256, 32)),
        ((1, 70_000), (1, 8)),
        ((512, 64), (256, 32)),
    ],
)
def test_the_long_side_is_bounded_too(before: tuple[int, int], after: tuple[int, int]) -> None:
    assert shrink(Image.new("RGB", before), SIDE).size == after


def test_of_a_very_long_picture_the_middle_is_kept_as_it_was() -> None:
    picture = Image.new("RGB", (9_000, 64), "blue")
    picture.paste("red", (4_500 - 260, 0, 4_500 + 260, 64))
    assert shrink(picture, SIDE).getcolors() == [(256 * 32, (255, 0, 0))]


def test_tables_hold_fewer_posts_if_a_model_wants_large_pictures() -> None:
    assert rows_per_table(64, 336) == 64
    assert rows_per_table(64, 1024) == 20
    assert rows_per_table(64, 100_000) == 1
