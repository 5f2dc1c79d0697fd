"""Submission ids of nights and attempts, and which attempts are refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from keyphrases.submission.job import Job, Status
from keyphrases.submission.night import Attempt, Night, check_name, name_of
from posts.errors import InputError
from tests.keyphrases.submission.jobs import NIGHT, a_job


def test_an_id_says_name_night_and_attempt() -> None:
    assert NIGHT.attempt(1) == "posts-2026-11-26-1"
    assert Attempt.parse("posts-2026-11-26-1") == Attempt(night=NIGHT, number=1)


def test_a_name_may_look_like_a_night() -> None:
    night = Night(name="posts-2026-11-25-3", date=date(2026, 11, 26))
    assert Attempt.parse(night.attempt(12)) == Attempt(night=night, number=12)


@pytest.mark.parametrize(
    "id", ["raysubmit_4LamXRuQpYdSMg7J", "posts-2026-11-26", "posts-2026-13-26-1", "-1", ""]
)
def test_ids_of_other_jobs_say_nothing(id: str) -> None:
    assert Attempt.parse(id) is None


def test_the_first_attempt_of_a_night_is_not_minded_by_other_jobs() -> None:
    others = [
        Job(id="raysubmit_4LamXRuQpYdSMg7J", status=Status.RUNNING),
        Job(id="more-posts-2026-11-26-1", status=Status.RUNNING),
        Job(id="posts-2026-11-25-1", status=Status.SUCCEEDED),
    ]
    assert NIGHT.next_attempt(others) == "posts-2026-11-26-1"


def test_after_failures_and_stops_the_next_attempt_has_the_next_number() -> None:
    jobs = [a_job(10, "STOPPED"), a_job(9, "FAILED", 1)]
    assert NIGHT.next_attempt(jobs) == "posts-2026-11-26-11"


@pytest.mark.parametrize("status", ["PENDING", "RUNNING"])
def test_a_night_that_has_not_ended_is_refused_and_says_how_to_go_on(status: str) -> None:
    with pytest.raises(InputError) as refused:
        NIGHT.next_attempt([a_job(1, "FAILED", 1), a_job(2, status)])
    for words in ("posts-2026-11-26-2", "submit logs posts", "submit stop posts"):
        assert words in str(refused.value)


def test_a_night_that_succeeded_is_refused_whatever_failed_after_it() -> None:
    with pytest.raises(InputError, match=r"posts-2026-11-26-1 has succeeded.*--name or --night"):
        NIGHT.next_attempt([a_job(1, "SUCCEEDED", 0), a_job(2, "FAILED", 2)])


def test_a_check_is_never_done() -> None:
    check = replace(NIGHT, name="posts-check")
    jobs = [Job(id=check.attempt(1), status=Status.SUCCEEDED)]
    assert check.next_attempt(jobs) == "posts-check-2026-11-26-2"
    assert NIGHT.next_attempt(jobs) == "posts-2026-11-26-1"


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("https://search.example.com:9200/posts", "posts"),
        ("embedded:/data/My Posts_2/", "my-posts-2"),
        ("tagger", "tagger"),
        ("embedded:/data/posts-check", "posts"),
    ],
)
def test_a_job_is_named_after_the_last_part_of_a_place(place: str, name: str) -> None:
    assert name_of(place) == name == check_name(name)


def test_a_place_without_a_name_asks_for_one() -> None:
    with pytest.raises(InputError, match="--name"):
        name_of("embedded:/索引")


@pytest.mark.parametrize(
    "name", ["", "Posts", "a_b", "-a", "a-", "a b", "a/b", "x" * 81, "a-check"]
)
def test_names_that_no_job_may_have_are_refused(name: str) -> None:
    with pytest.raises(InputError, match="--name"):
        check_name(name)
