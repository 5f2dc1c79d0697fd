"""Read: the posts of a fragment, in batches that are small enough to hold."""

from __future__ import annotations

from collections.abc import Iterator

from posts.dump import Dump
from posts.duplicates import Duplicates
from posts.fragment import Fragment
from posts.post import Post

_BYTES = 16_000_000
"""Of pictures and texts in one batch; it has at least one post."""


class Read:
    """Takes the number of a fragment; gives batches of its posts, the same ones each time."""

    def __init__(
        self, dump: Dump, fragments: list[Fragment], duplicates: Duplicates, rows: int
    ) -> None:
        self._dump = dump
        self._fragments = fragments
        self._duplicates = duplicates
        self._rows = rows

    def __call__(self, number: int) -> Iterator[list[Post]]:
        posts = self._dump.read(self._fragments[number])
        return self._batches(self._duplicates.mark(number, posts))

    def _batches(self, posts: Iterator[Post]) -> Iterator[list[Post]]:
        batch: list[Post] = []
        held = 0
        for post in posts:
            batch.append(post)
            held += post.size
            if len(batch) >= self._rows or held >= _BYTES:
                yield batch
                batch, held = [], 0
        if batch:
            yield batch
