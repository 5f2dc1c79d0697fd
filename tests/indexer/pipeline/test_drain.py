"""A run that is asked to stop waits for what is under way, and for nothing else."""

from __future__ import annotations

from threading import Event

import pytest

from indexer.pipeline.attempts import Attempt, AttemptNotes
from indexer.pipeline.drain import Drain
from posts.errors import JobError

ATTEMPT = Attempt(fragment=0, part=0, start=0, stop=16)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def a_drain() -> tuple[Drain, Event, AttemptNotes, Clock]:
    stop, attempts, clock = Event(), AttemptNotes(), Clock()
    return Drain(stop, attempts, seconds=25, clock=clock), stop, attempts, clock


def test_a_run_that_nobody_stops_goes_on() -> None:
    drain, _, attempts, clock = a_drain()
    for _ in range(3):
        clock.now += 1_000
        assert not drain.is_over(arrived=False)
    assert attempts.begin(ATTEMPT) == 0
    drain.check()


def test_it_is_over_when_what_was_under_way_has_come() -> None:
    drain, stop, attempts, clock = a_drain()
    attempts.begin(ATTEMPT)
    stop.set()
    assert not drain.is_over(arrived=False)
    assert attempts.begin(ATTEMPT) is None, "a further post was begun"
    clock.now += 10
    assert not drain.is_over(arrived=False), "the model is still at it"
    attempts.end(ATTEMPT)
    assert not drain.is_over(arrived=True), "another may be on its way"
    clock.now += 3
    assert drain.is_over(arrived=False)
    with pytest.raises(JobError, match="asked to stop"):
        drain.check()


def test_it_does_not_wait_for_ever() -> None:
    drain, stop, attempts, clock = a_drain()
    attempts.begin(ATTEMPT)
    stop.set()
    assert not drain.is_over(arrived=True)
    clock.now += 24
    assert not drain.is_over(arrived=True)
    clock.now += 1
    assert drain.is_over(arrived=True)


def test_a_run_that_was_asked_too_late_has_done_everything() -> None:
    drain, stop, _, _ = a_drain()
    stop.set()
    drain.check()
