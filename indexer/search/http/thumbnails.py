"""Pictures of posts, small; and who makes them."""

from __future__ import annotations

from typing import Protocol


class Thumbnails(Protocol):
    """Pictures of the posts of a dump; used by many threads."""

    def thumbnail(self, id: str, size: int, number: int = 0) -> bytes | None:
        """A picture of a post, from 0, as WebP or JPEG, at most `size` pixels wide and high.

        None: the post has none that can be shown. `InputError` where the dump cannot be read.
        """
        ...


def media_type_of(picture: bytes) -> str | None:
    """Of WebP and JPEG; None for anything else, which no browser shall be given."""
    if picture[:4] == b"RIFF" and picture[8:12] == b"WEBP":
        return "image/webp"
    return "image/jpeg" if picture[:3] == b"\xff\xd8\xff" else None
