"""Read: the posts of a fragment, in tables that are small enough to hold."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from posts.dump import Dump
from posts.duplicates import Duplicates
from posts.fragment import Fragment
from posts.post import Post, posts_to_table

_BYTES = 16_000_000
"""Of pictures and texts in one table; a table has at least one post."""


class Read:
    """Takes the number of a fragment; gives tables of `POST_SCHEMA`, the same ones each time."""

    def __init__(
        self, dump: Dump, fragments: list[Fragment], duplicates: Duplicates, rows: int
    ) -> None:
        self._dump = dump
        self._fragments = fragments
        self._duplicates = duplicates
        self._rows = rows

    def __call__(self, number: int) -> Iterator[pa.Table]:
        posts = self._dump.read(self._fragments[number])
        return self._tables(self._duplicates.mark(number, posts))

    def _tables(self, posts: Iterator[Post]) -> Iterator[pa.Table]:
        batch: list[Post] = []
        held = 0
        for post in posts:
            batch.append(post)
            held += len(post.text) + len(post.image or b"")
            if len(batch) >= self._rows or held >= _BYTES:
                yield posts_to_table(batch)
                batch, held = [], 0
        if batch:
            yield posts_to_table(batch)
