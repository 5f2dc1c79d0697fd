"""The estimate: what a run over a whole dump would take, from a preview of a few posts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass

from indexer.index.location import open_index
from indexer.job import IndexJob
from indexer.preview.preview import Preview
from posts.dump import Dump
from posts.errors import KeyphraseError
from posts.fragment import Fragment

_THREADS = 16
_TICK = 0.2
_TELL_EVERY = 1_000

OnCount = Callable[[int], None]


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Time and money for all posts of a dump; as rough as the preview is short."""

    posts: int
    """Of the dump that have an id."""
    held: int | None
    """Documents of the index; None: it cannot be read, or a run would write all of them anew."""
    measured: int
    """Posts of the preview."""
    with_picture: float
    """The share of those that have one, 0 to 1."""
    seconds_per_post: float
    """Of one actor."""
    actors: int
    price_per_hour: float | None
    """Of one actor, in any currency."""

    @property
    def at_most(self) -> bool:
        """The index holds posts, and those of them that are unchanged cost nothing."""
        return bool(self.held)

    @property
    def model_hours(self) -> float:
        """Hours that one actor would take."""
        return self.posts * self.seconds_per_post / 3600

    @property
    def hours(self) -> float:
        """By the clock, with all actors; reading and decoding go on beside them."""
        return self.model_hours / self.actors

    @property
    def price(self) -> float | None:
        """In the currency of the price per hour."""
        return None if self.price_per_hour is None else self.model_hours * self.price_per_hour


def estimate(
    job: IndexJob,
    preview: Preview,
    *,
    price_per_hour: float | None = None,
    on_count: OnCount | None = None,
) -> Estimate | None:
    """Counts the posts of the dump, which takes reading its ids; writes nothing.

    None if the preview has no post to measure with.
    """
    if not preview.posts:
        return None
    shown = len(preview.posts)
    return Estimate(
        posts=count_posts(preview.dump, preview.dump.fragments(), on_count),
        held=_held(job),
        measured=shown,
        with_picture=sum(one.picture is not None for one in preview.posts) / shown,
        seconds_per_post=preview.seconds / shown,
        actors=job.actors or 1,
        price_per_hour=price_per_hour,
    )


def count_posts(dump: Dump, fragments: Sequence[Fragment], on_count: OnCount | None = None) -> int:
    """Posts that have an id, duplicates among them; `on_count` hears how many there are so far."""
    counter = _Counter(dump)
    with ThreadPoolExecutor(_THREADS) as threads:
        tasks = [threads.submit(counter.count, fragment) for fragment in fragments]
        waiting = set(tasks)
        try:
            while waiting:
                done, waiting = wait(waiting, timeout=_TICK)
                for task in done:
                    task.result()
                if on_count is not None:
                    on_count(counter.posts)
        except BaseException:
            counter.stop.set()
            for task in tasks:
                task.cancel()
            raise
    return counter.posts


class _Counter:
    """Adds up what the threads count."""

    def __init__(self, dump: Dump) -> None:
        self.posts = 0
        self.stop = threading.Event()
        self._dump = dump
        self._lock = threading.Lock()

    def count(self, fragment: Fragment) -> None:
        counted = 0
        for _ in self._dump.ids(fragment):
            counted += 1
            if counted == _TELL_EVERY:
                self._add(counted)
                counted = 0
                if self.stop.is_set():
                    return
        self._add(counted)

    def _add(self, posts: int) -> None:
        with self._lock:
            self.posts += posts


def _held(job: IndexJob) -> int | None:
    """Documents of the index that a run would leave as they are where posts have not changed."""
    if job.rebuild:
        return None
    try:
        index = open_index(job.index)
        try:
            return 0 if index.live() is None else index.count()
        finally:
            index.close()
    except (KeyphraseError, OSError):
        return None
