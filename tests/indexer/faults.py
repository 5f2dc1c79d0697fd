"""Faults that are injected into runs; Ray's workers import them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
from ray.exceptions import RayError

from indexer.pipeline.stream import Arrival, Stream
from indexer.stages.ask import Ask
from posts.dump import Dump
from posts.fragment import Fragment
from posts.post import Post
from tests.waiting import wait_for

_MANY = 30
"""Posts, in tables of which some have reached the index."""


class AskThatDies(Ask):
    """Its worker dies, once, when the index holds some posts that it was asked about before."""

    died: Path
    asked: tuple[str, ...] = ()

    def __call__(self, posts: Sequence[Post]) -> pa.Table:
        if len(self.asked) >= _MANY and not self.died.exists():
            wait_for(lambda: bool(self._ledger.held(self.asked)), seconds=200)
            self.died.touch()
            os._exit(1)
        self.asked += tuple(post.id for post in posts if post.id)
        return super().__call__(posts)


class LossyStream(Stream):
    """Loses the first table that has posts."""

    lost = False

    def next(self, timeout: float) -> Arrival | None:
        arrival = super().next(timeout)
        if arrival is not None and len(arrival[1]) and not self.lost:
            self.lost = True
            return None
        return arrival


class StreamThatBreaks(Stream):
    """Gives tables until there was one with posts; then Ray fails."""

    given = False

    def next(self, timeout: float) -> Arrival | None:
        if self.given:
            raise RayError("a node is gone")
        arrival = super().next(timeout)
        self.given = arrival is not None and len(arrival[1]) > 0
        return arrival


class DumpThatHangs(Dump):
    """Its ids never come."""

    def ids(self, fragment: Fragment) -> Iterator[tuple[str, str]]:
        time.sleep(600)
        return super().ids(fragment)
