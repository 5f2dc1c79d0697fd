"""What the stages hand on: tables of posts with a decision, and their fixed columns."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import pyarrow as pa

from posts.errors import PostError


class Action(StrEnum):
    """What is to become of a post."""

    GENERATE = "generate"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    DEAD = "dead"


_SHARED = [
    pa.field("id", pa.string(), nullable=False),
    pa.field("text", pa.string(), nullable=False),
    pa.field("image_uri", pa.string()),
    pa.field("created_at", pa.timestamp("us", tz="UTC")),
    # A JSON object.
    pa.field("extra", pa.string(), nullable=False),
    # Where in the dump it was read.
    pa.field("source", pa.string(), nullable=False),
    # Null for a good post.
    pa.field("error_reason", pa.string()),
    pa.field("error_detail", pa.string()),
    pa.field("error_transient", pa.bool_()),
    pa.field("action", pa.string(), nullable=False),
    pa.field("generation", pa.string(), nullable=False),
    pa.field("document", pa.string(), nullable=False),
    # What identifies the picture (see `indexer.hashing`); null where there is none.
    pa.field("picture", pa.string()),
    # The index holds a document, or a dead letter, under this post's id.
    pa.field("held", pa.bool_(), nullable=False),
    pa.field("was_dead", pa.bool_(), nullable=False),
    # The index has this very dead letter already.
    pa.field("known", pa.bool_(), nullable=False),
]

_IMAGE = pa.struct([pa.field("bytes", pa.large_binary()), pa.field("uri", pa.string())])

ASKED = pa.schema(
    [
        *_SHARED,
        pa.field("image", pa.large_binary()),
        # Further pictures, each here or where it lies; null for a post with one or none.
        pa.field("images", pa.list_(_IMAGE)),
        # The text is read in chunks.
        pa.field("is_long", pa.bool_()),
    ]
)
"""Behind the ask stage. Only posts to be generated keep their picture's bytes, if they have any;
posts that are unchanged keep neither text nor extra fields."""

_PICTURE = pa.struct(
    [
        pa.field("number", pa.int32()),
        pa.field("pixels", pa.large_binary()),
        pa.field("width", pa.int32()),
        pa.field("height", pa.int32()),
        pa.field("words", pa.string()),
    ]
)

DECODED = pa.schema(
    [
        *_SHARED,
        pa.field("pixels", pa.large_binary()),
        pa.field("width", pa.int32()),
        pa.field("height", pa.int32()),
        # Words in the picture; null where none were looked for.
        pa.field("words", pa.string()),
        # Of a post with several pictures, in place of the above: those that are shown, and which
        # of its pictures each is, from 0.
        pa.field("pictures", pa.list_(_PICTURE)),
        pa.field("is_long", pa.bool_()),
    ]
)
"""Behind the decode stage: `pixels` are RGB, `width` x `height` x 3 bytes."""

FINISHED = pa.schema(
    [
        *_SHARED,
        pa.field("has_picture", pa.bool_()),
        # Of a post with several pictures the one that stands for it, from 0; null for others.
        pa.field("lead_picture", pa.int32()),
        # Null where the text is short.
        pa.field("summary", pa.string()),
        pa.field(
            "keyphrases",
            pa.list_(pa.struct([pa.field("phrase", pa.string()), pa.field("score", pa.float64())])),
        ),
        # Null where the model has no vectors, or the post no such part.
        pa.field("text_vector", pa.list_(pa.float32())),
        pa.field("picture_vector", pa.list_(pa.float32())),
        pa.field("alignment", pa.float64()),
        # The picture does not fit the text, and the model was not shown it.
        pa.field("picture_dropped", pa.bool_()),
    ]
)
"""Behind the generate stage: what the driver turns into writes."""


def dead(error: PostError) -> dict[str, Any]:
    """Columns of a post that cannot be indexed."""
    return {
        "action": Action.DEAD,
        "text": "",
        "error_reason": str(error.reason),
        "error_detail": error.detail,
        "error_transient": error.transient,
    }


def has_work(table: pa.Table) -> bool:
    """Is any post of the table to be generated?"""
    return Action.GENERATE in table.column("action").to_pylist()


def conform(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The table with the columns of `schema`: others are dropped, those it lacks are null."""
    columns = [
        table.column(field.name)
        if field.name in table.column_names
        else pa.nulls(len(table), field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)
