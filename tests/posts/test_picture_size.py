"""Pictures get as small as is wanted, never larger, and their size is bounded in any shape."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from posts.picture_size import Patches, PictureSize, Shape, shrink
from tests.large_pictures import photo

SIDE = PictureSize(side=32)
LONG = PictureSize(longest=64)
SQUEEZED = PictureSize(side=32, shape=Shape.STRETCHED)
MIDDLE = PictureSize(side=32, shape=Shape.CROPPED)
PATCHES = PictureSize(patches=Patches(side=8, pixels=1024))


@pytest.mark.parametrize(
    ("size", "before", "after"),
    [
        (SIDE, (200, 100), (64, 32)),
        (SIDE, (20, 100), (20, 100)),
        (SIDE, (250, 32), (250, 32)),
        (SIDE, (401, 301), (42, 32)),
        (SIDE, (29_700, 64), (256, 32)),
        (SIDE, (64, 29_700), (32, 256)),
        (SIDE, (1000, 32), (256, 32)),
        (SIDE, (1, 70_000), (1, 8)),
        (LONG, (200, 100), (64, 32)),
        (LONG, (70_000, 1), (64, 1)),
        (LONG, (60, 50), (60, 50)),
        (SQUEEZED, (200, 100), (32, 32)),
        (SQUEEZED, (200, 20), (32, 20)),
        (SQUEEZED, (70_000, 1), (32, 1)),
        (MIDDLE, (200, 100), (32, 32)),
        (MIDDLE, (29_700, 64), (32, 32)),
        (MIDDLE, (20, 100), (20, 100)),
        (PATCHES, (200, 100), (40, 16)),
        (PATCHES, (33, 31), (33, 31)),
        (PATCHES, (1, 70_000), (1, 8)),
    ],
)
def test_a_picture_gets_as_small_as_is_wanted(
    size: PictureSize, before: tuple[int, int], after: tuple[int, int]
) -> None:
    assert shrink(Image.new("RGB", before), size).size == after


def test_of_a_very_long_picture_the_middle_is_kept_as_it_was() -> None:
    picture = Image.new("RGB", (9_000, 64), "blue")
    picture.paste("red", (4_500 - 260, 0, 4_500 + 260, 64))
    assert shrink(picture, SIDE).getcolors() == [(256 * 32, (255, 0, 0))]


def test_the_middle_square_is_that_of_the_scaled_picture() -> None:
    picture = photo(0, (401, 301))
    scaled = shrink(picture, SIDE)
    assert scaled.size == (42, 32)
    cropped = shrink(picture, MIDDLE)
    assert np.array_equal(np.asarray(cropped), np.asarray(scaled.crop((5, 0, 37, 32))))


@pytest.mark.parametrize("size", [SIDE, LONG, SQUEEZED, MIDDLE, PATCHES])
def test_what_reads_words_sees_all_of_a_picture_larger_than_the_model(size: PictureSize) -> None:
    wide = shrink(Image.new("RGB", (2000, 150)), size.whole(960))
    assert (wide.width, wide.height) >= (960, 72)
    assert abs(wide.width / wide.height - 2000 / 150) < 0.1
    again = shrink(shrink(Image.new("RGB", (2000, 1000)), size.whole(960)), size)
    assert again.size == shrink(Image.new("RGB", (2000, 1000)), size).size


def test_bytes_are_those_of_a_square() -> None:
    assert [one.bytes for one in (SIDE, LONG, PATCHES)] == [3 * 32**2, 3 * 64**2, 3 * 1024]


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"side": -1, "longest": 5},
        {"longest": 5, "shape": Shape.CROPPED},
        {"side": 5, "patches": Patches(8, 64)},
    ],
)
def test_a_size_that_means_nothing_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"positive|square|patches"):
        PictureSize(**values)
