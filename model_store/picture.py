"""What a picture must look like before any image processor may see it."""

from __future__ import annotations

from PIL import Image

_SMALLEST_SIDE = 16
_LARGEST_RATIO = 20


def tame(picture: Image.Image) -> Image.Image:
    """RGB, with sides that no image processor stumbles over.

    A strip of 10,000 x 1 pixels would be scaled to gigabytes by processors that enlarge the short
    side, and one of 3 pixels' width is taken for colour channels. Such pictures are stretched.
    """
    if picture.mode != "RGB":
        picture = picture.convert("RGB")
    longest = max(picture.size)
    least = max(_SMALLEST_SIDE, -(-longest // _LARGEST_RATIO))
    width, height = picture.size
    size = (max(width, least), max(height, least))
    return picture if size == picture.size else picture.resize(size)
