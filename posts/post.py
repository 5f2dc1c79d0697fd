"""The post: the one record that crosses every stage, and its Arrow schema."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa

from posts.errors import PostError, Reason

POST_SCHEMA = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("image", pa.large_binary()),
        pa.field("image_uri", pa.string()),
        pa.field("created_at", pa.timestamp("us", tz="UTC")),
        pa.field("keyphrases", pa.list_(pa.string())),
        pa.field("extra", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("error_reason", pa.string()),
        pa.field("error_detail", pa.string()),
        pa.field("error_transient", pa.bool_()),
    ]
)
"""Columns of a table of posts. `extra` is a JSON object; the error columns are null for a good
post and of fixed types, so that batches with and without errors always concatenate."""


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
    def has_picture(self) -> bool:
        return self.image is not None or self.image_uri is not None


def posts_to_table(posts: Iterable[Post]) -> pa.Table:
    """Arrow table of `POST_SCHEMA` with a row per post."""
    return pa.Table.from_pylist([_to_row(post) for post in posts], schema=POST_SCHEMA)


def posts_from_table(table: pa.Table) -> Iterator[Post]:
    """Inverse of `posts_to_table`; columns outside `POST_SCHEMA` are ignored."""
    for row in table.select(POST_SCHEMA.names).to_pylist():
        yield _from_row(row)


def _to_row(post: Post) -> dict[str, Any]:
    error = post.error
    return {
        "id": post.id,
        "text": post.text,
        "image": post.image,
        "image_uri": post.image_uri,
        "created_at": post.created_at,
        "keyphrases": None if post.keyphrases is None else list(post.keyphrases),
        "extra": json.dumps(dict(post.extra), ensure_ascii=False, sort_keys=True),
        "source": post.source,
        "error_reason": None if error is None else str(error.reason),
        "error_detail": None if error is None else error.detail,
        "error_transient": None if error is None else error.transient,
    }


def _from_row(row: dict[str, Any]) -> Post:
    reason = row.pop("error_reason")
    detail, transient = row.pop("error_detail"), row.pop("error_transient")
    error = None if reason is None else PostError(Reason(reason), detail or "", bool(transient))
    keyphrases = row.pop("keyphrases")
    return Post(
        **row | {"extra": json.loads(row["extra"])},
        keyphrases=None if keyphrases is None else tuple(keyphrases),
        error=error,
    )
