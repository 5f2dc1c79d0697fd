"""Drain: how a run that was asked to stop comes to its end without losing what it is at."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event
from typing import Protocol

from posts.errors import JobError

_SILENCE = 2.0
"""Seconds in which nothing came, after which nothing more is on its way from a worker."""


class StopError(JobError):
    """The run was asked to stop, and did."""


class StoppableAttempts(Protocol):
    """The part of `indexer.pipeline.notes.RemoteNotes` that is needed here."""

    def stop(self) -> None: ...

    def open(self) -> int: ...


class Drain:
    """Asked by the run's loop whether it is over; begins as soon as `stop` is set.

    Then no further posts are given to the model, and the loop goes on for as long as the posts
    that it has are on their way, `seconds` at most.
    """

    def __init__(
        self,
        stop: Event,
        attempts: StoppableAttempts,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stop = stop
        self._attempts = attempts
        self._seconds = seconds
        self._clock = clock
        self._begun: float | None = None
        self._last_arrival = 0.0

    def is_over(self, *, arrived: bool) -> bool:
        """`arrived`: something has come since the last time this was asked."""
        if not self._stop.is_set():
            return False
        now = self._clock()
        if self._begun is None:
            self._begun = self._last_arrival = now
            self._attempts.stop()
        if arrived:
            self._last_arrival = now
        if now - self._begun >= self._seconds:
            return True
        return now - self._last_arrival >= _SILENCE and not self._attempts.open()

    def check(self) -> None:
        """Raises `StopError` if it has begun: then posts of the dump are missing."""
        if self._begun is not None:
            check_stop(self._stop)


def check_stop(stop: Event) -> None:
    """Raises `StopError` if the run was asked to stop."""
    if stop.is_set():
        raise StopError("the run was asked to stop")
