"""Following a log over connections that break."""

from __future__ import annotations

from itertools import count

import pytest

from keyphrases.submission.follower import Follower
from keyphrases.submission.job import Status
from keyphrases.submission.job_client import UnknownJobError, UnreachableError
from posts.errors import JobError
from tests.keyphrases.submission.jobs import FakeLog, a_job

DONE = a_job(1, "SUCCEEDED", 0)
WHOLE = "one\ntwo\nthree"
AWAY = UnreachableError("away")


def follow(log: FakeLog) -> list[str]:
    """The lines that were shown; each look at the clock takes a second, and none passes else."""
    lines: list[str] = []
    seconds = count()
    follower = Follower(
        log, lines.append, patience=10, clock=lambda: float(next(seconds)), sleep=lambda _s: None
    )
    assert follower.follow(DONE.id).status is Status.SUCCEEDED
    return lines


def test_lines_are_whole_whatever_the_pieces_they_come_in() -> None:
    assert follow(FakeLog(["on", "e\ntw", None, "o\n", "th", "ree"], ended=DONE, whole=WHOLE)) == [
        *("one", "two", "three")
    ]


def test_a_connection_that_breaks_costs_and_doubles_no_line() -> None:
    log = FakeLog(
        ["one\ntw", AWAY],
        ["one\n"],
        [AWAY],
        ["one", "\ntwo\nthr", None, AWAY],
        ["one\ntwo\nthree"],
        ended=DONE,
        whole=WHOLE,
    )
    assert follow(log) == ["one", "two", "three"]


def test_what_came_over_no_connection_is_there_at_the_end() -> None:
    assert follow(FakeLog([None], ended=DONE, whole=WHOLE)) == ["one", "two", "three"]
    assert follow(FakeLog(["one\nt"], ended=DONE, whole=WHOLE)) == ["one", "two", "three"]


def test_a_head_that_stays_away_is_a_lost_job_that_resumes() -> None:
    log = FakeLog(["one\n", AWAY], *[[AWAY]] * 20, ended=DONE, whole=WHOLE)
    with pytest.raises(JobError, match=r"posts-2026-11-26-1 was lost.*same command.*resumes"):
        follow(log)


def test_a_new_head_that_does_not_know_the_job_is_no_reason_to_wait() -> None:
    log = FakeLog(
        ["one\n", AWAY], [UnknownJobError("what job?")], ["one\n"], ended=DONE, whole=WHOLE
    )
    with pytest.raises(JobError, match=r"started anew.*same command.*resumes"):
        follow(log)
