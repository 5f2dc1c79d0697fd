"""A picture as a few coloured characters: each shows two pixels, one above the other."""

from __future__ import annotations

from PIL import Image
from rich.color import Color
from rich.style import Style
from rich.text import Text

COLUMNS, ROWS = 24, 12
_UPPER_HALF = "▀"


def thumbnail(picture: Image.Image) -> Text:
    """At most `COLUMNS` by `ROWS` cells, which are about twice as high as wide."""
    small = picture.convert("RGB")
    small.thumbnail((COLUMNS, 2 * ROWS), Image.Resampling.BICUBIC)
    lines = Text(no_wrap=True)
    for top in range(0, small.height, 2):
        if top:
            lines.append("\n")
        for left in range(small.width):
            lines.append(_UPPER_HALF, _style(small, left, top))
    return lines


def _style(picture: Image.Image, left: int, top: int) -> Style:
    lower = _color(picture, left, top + 1) if top + 1 < picture.height else None
    return Style(color=_color(picture, left, top), bgcolor=lower)


def _color(picture: Image.Image, left: int, top: int) -> Color:
    pixel = picture.getpixel((left, top))
    if not isinstance(pixel, tuple):
        raise TypeError("a picture in RGB has three values a pixel")
    return Color.from_rgb(*pixel)
