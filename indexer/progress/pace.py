"""The pace of a run: how fast it gets on, and how much time it has left.

meter = PaceMeter()
pace = meter.see(snapshot)    # for each snapshot of a run, in order
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from indexer.progress.watch import Snapshot

RECENT = 300.0
"""Seconds over which the recent rate is taken: long beside the ten seconds between two commits,
and short beside a night, of which each part may be of another kind."""
_APART = 5.0
"""Seconds between two moments that are kept, so that there are few of them."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """Rates in posts a second; while ids are read, of ids. None: not known yet."""

    whole: float | None = None
    """Since the run began."""
    recent: float | None = None
    """In the last `RECENT` seconds, or since the run began if that is less."""
    seconds_left: float | None = None
    """At the recent rate. None also while nothing gets on."""


class PaceMeter:
    """Takes the snapshots of one run; of a night of them it keeps some sixty figures."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._reading_ids: bool | None = None
        self._begun = 0.0
        self._marks: deque[tuple[float, int]] = deque()

    def see(self, snapshot: Snapshot) -> Pace:
        """The pace as of now, with what the snapshot says."""
        now, done = self._clock(), _done(snapshot)
        if self._reading_ids != (snapshot.total is None):
            self._reading_ids = snapshot.total is None
            self._begun = now - snapshot.seconds
            self._marks.clear()
            self._marks.append((self._begun, 0))
        # The first mark is the youngest one that is at least so old, if the run is.
        while len(self._marks) > 1 and self._marks[1][0] <= now - RECENT:
            self._marks.popleft()
        since, before = self._marks[0]
        recent = _rate(done - before, now - since)
        if now - self._marks[-1][0] >= _APART:
            self._marks.append((now, done))
        return Pace(
            whole=_rate(done, now - self._begun),
            recent=recent,
            seconds_left=_left(snapshot.total, done, recent),
        )


def _done(snapshot: Snapshot) -> int:
    if snapshot.total is None:
        return snapshot.stages.posts["read"]
    return snapshot.tally.read


def _rate(posts: int, seconds: float) -> float | None:
    return posts / seconds if seconds > 0 else None


def _left(total: int | None, done: int, rate: float | None) -> float | None:
    if total is None or not rate:
        return None
    # Posts without an id are dealt with too, but are not among the total.
    return max(0, total - done) / rate
