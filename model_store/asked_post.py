"""A post as a model is asked about it, which is equal to any other that looks the same."""

from __future__ import annotations

import hashlib
from functools import cached_property

from PIL import Image


class AskedPost:
    """A text and a picture, each of which may be missing: an empty text, or None."""

    def __init__(self, text: str, picture: Image.Image | None) -> None:
        self.text = text
        self.picture = picture
        self._look = (text, None if picture is None else picture.size)

    def __hash__(self) -> int:
        return hash(self._look)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AskedPost):
            return NotImplemented
        return self._look == other._look and self._pixels == other._pixels

    @cached_property
    def _pixels(self) -> bytes | None:
        """A hash of them, for they are many; only posts alike in all else come to need it."""
        return None if self.picture is None else hash_pixels(self.picture)


def hash_pixels(picture: Image.Image) -> bytes:
    """Equal for pictures of one size that look the same."""
    # Without colours of its own a picture may have the bytes of another that looks different.
    picture = picture if picture.mode == "RGB" else picture.convert("RGB")
    return hashlib.sha256(picture.tobytes()).digest()
