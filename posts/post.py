"""The post: one record of a dump, whatever its format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from posts.errors import PostError, Reason


@dataclass(frozen=True, kw_only=True, slots=True)
class Post:
    """A post of text and picture, as read from a dump, or what is known of one that is broken."""

    id: str
    """Unique in the dump; empty only if the record was too broken to have one."""
    text: str = ""
    image: bytes | None = None
    """The encoded picture itself, or None if there is none or only `image_uri` is known."""
    image_uri: str | None = None
    """Where the picture lies: relative to the dump and inside it, or s3://."""
    images: tuple[bytes | str, ...] = ()
    """Further pictures beside the first one, in order: each encoded, or where it lies."""
    created_at: datetime | None = None
    """Time zone aware, UTC."""
    keyphrases: tuple[str, ...] | None = None
    """Gold labels, in the order given."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Whatever else the dump carries; JSON values only."""
    source: str = ""
    """Where in the dump it was read: `file:row`."""
    error: PostError | None = None
    """What is wrong with the post, if anything; such a post becomes a dead letter."""

    @property
    def key(self) -> str:
        """The name under which its dead letter is kept.

        That is the id, unless there is none or it belongs to another post: then the source.
        """
        foreign = self.error is not None and self.error.reason is Reason.DUPLICATE_ID
        return self.source if foreign or not self.id else self.id

    @property
    def size(self) -> int:
        """Of its text, in characters, of its pictures, in bytes, as far as they are here, and of
        its extra fields."""
        pictures = (picture for picture in self.pictures if isinstance(picture, bytes))
        return len(self.text) + sum(map(len, pictures)) + self.extra_size

    @property
    def extra_size(self) -> int:
        """Of its extra fields as Python writes them, in characters."""
        return len(repr(self.extra)) if self.extra else 0

    @property
    def has_picture(self) -> bool:
        return bool(self.pictures)

    @property
    def pictures(self) -> tuple[bytes | str, ...]:
        """All of them, the first one first: each encoded or, if it is not here, where it lies."""
        first = self.image_uri if self.image is None else self.image
        return self.images if first is None else (first, *self.images)
