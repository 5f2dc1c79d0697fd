"""The size a model wants its pictures in, and pictures scaled down to it.

size = PictureSize(side=224, shape=Shape.STRETCHED)
decode_picture(data, limits, size)         # decoded no larger than that takes (posts.pictures)
shrink(picture, size)                      # of one that is decoded already
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from PIL import Image

LONGEST = 8
"""Times its short side that the long side of a picture may have, where no other bound is set."""
REDUCING_GAP = 3.0
"""Pictures are first averaged to this many times the wanted size: Pillow calls the result
indistinguishable in most cases, and a large picture is scaled in a third of the time."""

Box = tuple[float, float, float, float]
"""Left, top, right and lower edge, in pixels."""


class Shape(StrEnum):
    """What a model makes of a picture that is not a square."""

    KEPT = "kept"
    STRETCHED = "stretched"
    """It is squeezed into a square."""
    CROPPED = "cropped"
    """Its middle square is taken."""


class Patches(NamedTuple):
    """Of a model that takes pictures of any size as so many patches."""

    side: int
    """Pixels of which both sides are multiples."""
    pixels: int
    """That a picture may have."""


@dataclass(frozen=True, kw_only=True)
class PictureSize:
    """How large a picture has to be; smaller ones are never enlarged."""

    side: int = 0
    """Pixels of the short side, and of a square."""
    longest: int = 0
    """Pixels of the long side; what takes more of the two counts."""
    patches: Patches | None = None
    """Instead of a side."""
    shape: Shape = Shape.KEPT
    resample: Image.Resampling = Image.Resampling.BICUBIC
    """The filter of the image processor, which finds nothing left to scale."""

    def __post_init__(self) -> None:
        lengths = (self.side, self.longest, *(self.patches or ()))
        if max(lengths) < 1 or min(lengths) < 0:
            raise ValueError("a picture's size must be positive")
        if self.shape is not Shape.KEPT and (self.longest or self.patches):
            raise ValueError("only a side makes a square")
        if self.patches and (self.side or self.longest):
            raise ValueError("patches decide about both sides")

    @property
    def bytes(self) -> int:
        """Of a square picture in RGB."""
        return 3 * (self.patches.pixels if self.patches else max(self.side, self.longest) ** 2)

    def whole(self, longest: int = 0) -> PictureSize:
        """The same or a bit more for one who wants to see all of it, with that long side at least.

        What it gives can be shrunk to the size itself.
        """
        side = math.isqrt(2 * self.patches.pixels) if self.patches else self.side
        longest = max(longest, self.longest)
        return replace(self, side=side, longest=longest, patches=None, shape=Shape.KEPT)


class Scaling(NamedTuple):
    """What part of a picture is taken, and to what size it is scaled."""

    box: tuple[int, int, int, int]
    size: tuple[int, int]
    """Width and height."""

    @property
    def factor(self) -> float:
        """How many times smaller it gets, along the side that is scaled less."""
        left, top, right, lower = self.box
        return min((right - left) / self.size[0], (lower - top) / self.size[1])


def scaling(picture: tuple[int, int], size: PictureSize) -> Scaling:
    """How a picture of that width and height is made as small as wanted; only scaled, not cut.

    Of one more than `LONGEST` times as long as it is wide only the middle is kept, at full
    detail. Scaled down instead it would be as large as before as soon as a processor scales its
    short side up again.
    """
    width, height = picture
    if size.shape is Shape.STRETCHED:
        return Scaling((0, 0, width, height), (min(width, size.side), min(height, size.side)))
    if not size.longest:
        width, height = (min(length, LONGEST * min(picture)) for length in picture)
    left, top = (picture[0] - width) // 2, (picture[1] - height) // 2
    box = (left, top, left + width, top + height)
    if size.patches:
        return Scaling(box, _in_patches(width, height, size.patches))
    short, long = sorted((width, height))
    if size.side * long >= size.longest * short:
        # As image processors round, so that they find the very size they want.
        short, long = size.side, int(size.side * long / short)
    else:
        short, long = int(size.longest * short / long), size.longest
    if long >= max(width, height):
        return Scaling(box, (width, height))
    short = max(1, short)
    return Scaling(box, (short, long) if width < height else (long, short))


def _in_patches(width: int, height: int, patches: Patches) -> tuple[int, int]:
    """As Qwen2-VL's image processor has it (`smart_resize` in transformers)."""
    across, down = (round(length / patches.side) for length in (width, height))
    if across * down * patches.side**2 <= patches.pixels:
        return width, height
    shrinking = math.sqrt(width * height / patches.pixels)
    across, down = (
        max(1, math.floor(length / shrinking / patches.side)) for length in (width, height)
    )
    return min(width, across * patches.side), min(height, down * patches.side)


def shrink(picture: Image.Image, size: PictureSize) -> Image.Image:
    """The picture as small as wanted, if it is larger."""
    return cut(scale(picture, scaling(picture.size, size), size.resample), size)


def scale(
    picture: Image.Image, wanted: Scaling, resample: Image.Resampling, reduced: int = 1
) -> Image.Image:
    """The picture scaled as planned for one that is `reduced` times as large."""
    box: Box = tuple(edge / reduced for edge in wanted.box)  # type: ignore[assignment]
    if reduced == 1 and wanted.size == picture.size:
        return picture
    return picture.resize(wanted.size, resample, box=box, reducing_gap=REDUCING_GAP)


def cut(picture: Image.Image, size: PictureSize) -> Image.Image:
    """The middle square of a picture that is scaled and upright, if that is all that is wanted."""
    if size.shape is not Shape.CROPPED or min(picture.size) < size.side:
        return picture
    left, top = ((length - size.side) // 2 for length in picture.size)
    return picture.crop((left, top, left + size.side, top + size.side))
