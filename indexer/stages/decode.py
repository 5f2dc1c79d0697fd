"""Decode: fetches and decodes pictures, and hands them on as small as the model wants them.

A picture is decoded once, here, and its pixels travel in the size in which the model wants them.
With OCR its words are read too, while it is still large enough for that.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from itertools import islice
from typing import Any

import pyarrow as pa

from indexer.hashing import Hasher
from indexer.stages.columns import DECODED, Action, conform, dead, has_work
from posts.dump import Dump
from posts.errors import PICTURE_REASONS, PostError, Reason
from posts.picture_size import PictureSize
from posts.post import Post
from posts.records import MOST_PICTURES
from posts.shown_picture import ReadWords, ShownPicture, decode_to_show

_THREADS = 2
"""Pillow lets go of Python's lock while it decodes."""
_AT_A_TIME = 16
"""Posts whose encoded pictures are fetched together: each may have 20 MB."""

_NO_ERROR = {"error_reason": None, "error_detail": None, "error_transient": None}

_TABLE_BYTES = 64_000_000
"""Of decoded pictures in a table if all are square; long ones may make it 8 times as much."""


class Decode:
    """Takes a table of `ASKED`; gives one of `DECODED`, row for row.

    A post whose picture is broken becomes a dead letter or, with `keep_text` and if it has a
    text, one without a picture; of several pictures those that are good are kept then. A post
    whose picture's words cannot be read goes on without them, under a hash by which the next run
    tries again.
    """

    def __init__(
        self,
        dump: Dump,
        hasher: Hasher,
        size: PictureSize,
        *,
        keep_text: bool,
        read_words: ReadWords | None = None,
    ) -> None:
        """`size`: what the model wants; `read_words` None: no OCR."""
        self._dump = dump
        self._hasher = hasher
        self._size = size
        self._keep_text = keep_text
        self._read_words = read_words
        self._most = rows_per_table(MOST_PICTURES, size)

    def __call__(self, table: pa.Table) -> pa.Table:
        if not has_work(table):
            return conform(table, DECODED)
        rows = table.to_pylist()
        some = (rows[start : start + _AT_A_TIME] for start in range(0, len(rows), _AT_A_TIME))
        with ThreadPoolExecutor(_THREADS) as threads:
            done = [row for part in some for row in self._rows(part, threads)]
        return pa.Table.from_pylist(done, schema=DECODED)

    def _rows(self, rows: list[dict[str, Any]], threads: Executor) -> Iterator[dict[str, Any]]:
        fetched = self._dump.pictures([_picture_of(row) for row in rows])
        decoded = threads.map(self._decode, fetched)
        several = threads.map(self._decode_several, rows)
        for row, one, all_of_it in zip(rows, decoded, several, strict=True):
            yield self._row(row, one) if all_of_it is None else self._row_of_several(row, all_of_it)

    def _decode(self, fetched: bytes | PostError | None) -> ShownPicture | PostError | None:
        if not isinstance(fetched, bytes):
            return fetched
        try:
            return decode_to_show(fetched, self._dump.limits, self._size, self._read_words)
        except PostError as error:
            return error

    def _decode_several(self, row: dict[str, Any]) -> list[ShownPicture | PostError] | None:
        """Of a post with several pictures the first, as many as are shown; None for another."""
        if row["action"] != Action.GENERATE or not row["images"]:
            return None
        pictures = islice(self._dump.all_pictures(_with_pictures(row)), self._most)
        return [one for one in map(self._decode, pictures) if one is not None]

    def _row_of_several(
        self, row: dict[str, Any], decoded: list[ShownPicture | PostError]
    ) -> dict[str, Any]:
        del row["image"], row["images"]
        good = {number: one for number, one in enumerate(decoded) if isinstance(one, ShownPicture)}
        known = _error_of(row)
        errors = [] if known is None else [known]
        errors += [one for one in decoded if isinstance(one, PostError)]
        errors.sort(key=lambda error: not error.transient)
        if errors and not self._keeps(row, errors[0], pictures=bool(good)):
            # Under the hash of what was tried without them, so that it is not tried every night.
            tried = self._keep_text and errors[0].reason in PICTURE_REASONS
            hashes = self._hashes(row, unreadable=True) if tried else {}
            return row | hashes | dead(errors[0])
        unread = self._read_words is not None and any(one.words is None for one in good.values())
        changed = self._without_picture(row) if errors else {}
        if unread and not errors:
            changed = self._hashes(row, unread=True)
        return row | changed | _NO_ERROR | {"pictures": [_column(*one) for one in good.items()]}

    def _row(self, row: dict[str, Any], decoded: ShownPicture | PostError | None) -> dict[str, Any]:
        del row["image"], row["images"]
        if row["action"] != Action.GENERATE:
            return row
        error = _error_of(row)
        if isinstance(decoded, PostError):
            error = decoded
        if error is not None:
            return row | (self._without_picture(row) if self._keeps(row, error) else dead(error))
        if not isinstance(decoded, ShownPicture):
            return row
        unread = self._read_words is not None and decoded.words is None
        return (
            row
            | (self._hashes(row, unread=True) if unread else {})
            | {
                "pixels": decoded.picture.tobytes(),
                "width": decoded.picture.width,
                "height": decoded.picture.height,
                "words": decoded.words,
            }
        )

    def _keeps(self, row: dict[str, Any], error: PostError, *, pictures: bool = False) -> bool:
        """Whether a post goes on with its text, or with other `pictures`."""
        rest = pictures or bool(row["text"].strip())
        return self._keep_text and rest and error.reason in PICTURE_REASONS

    def _without_picture(self, row: dict[str, Any]) -> dict[str, Any]:
        return {**self._hashes(row, unreadable=True), **_NO_ERROR}

    def _hashes(self, row: dict[str, Any], **lacks: bool) -> dict[str, str]:
        """Of a post that goes on without something, in place of those of the whole post."""
        generation = self._hasher.generation(row["text"], row["picture"], **lacks)
        extra = json.loads(row["extra"])
        document = self._hasher.document(generation, row["created_at"], row["image_uri"], extra)
        return {"generation": generation, "document": document}


def rows_per_table(most: int, size: PictureSize) -> int:
    """How many posts, up to `most`, a table may have so that square pictures fit into it."""
    return max(1, min(most, _TABLE_BYTES // size.bytes))


def _picture_of(row: dict[str, Any]) -> Post:
    """As much of a post as fetching its picture takes; none for what needs no picture."""
    if row["action"] != Action.GENERATE or row["error_reason"] is not None or row["images"]:
        return Post(id=row["id"])
    return Post(id=row["id"], image=row["image"], image_uri=row["image_uri"])


def _with_pictures(row: dict[str, Any]) -> Post:
    further = (one["uri"] if one["bytes"] is None else one["bytes"] for one in row["images"])
    uri, images = row["image_uri"], tuple(further)
    return Post(id=row["id"], image=row["image"], image_uri=uri, images=images)


def _column(number: int, shown: ShownPicture) -> dict[str, Any]:
    return {
        "number": number,
        "pixels": shown.picture.tobytes(),
        "width": shown.picture.width,
        "height": shown.picture.height,
        "words": shown.words,
    }


def _error_of(row: dict[str, Any]) -> PostError | None:
    if row["error_reason"] is None:
        return None
    return PostError(Reason(row["error_reason"]), row["error_detail"], row["error_transient"])
