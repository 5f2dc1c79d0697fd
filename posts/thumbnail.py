"""Thumbnails: small pictures for people, without anything of the original but its looks."""

from __future__ import annotations

import io

from posts.picture_size import PictureSize
from posts.pictures import DEFAULT_LIMITS, PictureLimits, decode_picture

_QUALITY = 80
"""Of 100, as WebP has it."""


def make_thumbnail(data: bytes, longest: int, limits: PictureLimits = DEFAULT_LIMITS) -> bytes:
    """A WebP of the whole picture, upright, its long side at most `longest` pixels.

    A smaller picture keeps its size. EXIF (and so the place where it was taken), comments and
    colour profile are gone. Raises `PostError` as `decode_picture` does.
    """
    picture = decode_picture(data, limits, PictureSize(longest=longest))
    stream = io.BytesIO()
    picture.save(stream, "WEBP", quality=_QUALITY)
    return stream.getvalue()
