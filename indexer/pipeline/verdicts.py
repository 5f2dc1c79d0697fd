"""Verdicts: which posts need the model, as it was found the first time.

Which table a post stands in follows from that (see `indexer.stages.sieve`), and Ray takes the
outputs of a task that is done again by position. By then the index may have changed and would give
another verdict; so the first is noted, and holds for the whole run.
"""

from __future__ import annotations

from typing import Protocol


class Verdicts(Protocol):
    """Told what a batch of posts needs, and tells what holds."""

    def first(self, fragment: int, batch: int, needs: bytes) -> bytes:
        """What was told of this batch of the fragment the first time: a bit for each post.

        Raises `JobError` if that cannot be found out.
        """
        ...


class VerdictNotes:
    """`Verdicts` in one process: a bit a post, and some hundred bytes a batch."""

    def __init__(self) -> None:
        self._first: dict[tuple[int, int], bytes] = {}

    def first(self, fragment: int, batch: int, needs: bytes) -> bytes:
        return self._first.setdefault((fragment, batch), needs)
