"""What a model is shown of a post's picture: it, small, and with OCR the words in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from PIL import Image

from posts.ocr import LARGEST_SIDE
from posts.picture_size import PictureSize, shrink
from posts.pictures import PictureLimits, decode_picture

ReadWords = Callable[[Image.Image], str | None]
"""As `posts.ocr.read_words`; crosses process borders itself."""


class ShownPicture(NamedTuple):
    """A picture in the size that the model wants."""

    picture: Image.Image
    words: str | None
    """None if none were looked for, or they could not be read."""


def decode_to_show(
    data: bytes, limits: PictureLimits, size: PictureSize, read_words: ReadWords | None = None
) -> ShownPicture:
    """Decodes a picture once; `read_words` None: no OCR. Raises as `decode_picture` does.

    With OCR it is decoded as large as words are read, all of it, and shrunk afterwards. So a model
    may be shown another rounding of its pixels than without.
    """
    if read_words is None:
        return ShownPicture(decode_picture(data, limits, size), None)
    legible = decode_picture(data, limits, size.whole(LARGEST_SIDE))
    return ShownPicture(shrink(legible, size), read_words(legible))
