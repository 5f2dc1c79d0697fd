"""Numbers that add up, and runs that are given up."""

from __future__ import annotations

import math

import pytest

from indexer.job import IndexJob
from indexer.progress.tally import ErrorBudget, Tally
from posts.errors import InputError, JobError


def test_counts_add_up() -> None:
    tally = Tally(generated=3, updated=2, unchanged=7, dead=1)
    assert tally.indexed == 5
    assert tally.read == tally.indexed + tally.unchanged + tally.dead == 13


def test_a_dump_of_which_most_is_bad_is_given_up() -> None:
    with pytest.raises(JobError, match="501 of the dump's 1,000"):
        ErrorBudget(rate=None).check(dead=501, total=1_000)


def test_bad_posts_that_come_first_are_measured_against_the_whole_dump() -> None:
    ErrorBudget(rate=None).check(dead=1_000, total=2_000)
    ErrorBudget(rate=0.01).check(dead=1_000, total=100_000)


def test_a_small_dump_may_be_all_bad_unless_a_rate_is_given() -> None:
    ErrorBudget(rate=None).check(dead=999, total=999)
    with pytest.raises(JobError, match=r"max-error-rate 0\.1"):
        ErrorBudget(rate=0.1).check(dead=3, total=20)


def test_a_rate_that_is_just_met_is_allowed() -> None:
    ErrorBudget(rate=0.1).check(dead=1, total=10)


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_error_rate": 5.0},
        {"max_error_rate": math.nan},
        {"cpus_per_actor": math.nan},
        {"gpus_per_actor": math.inf},
        {"actors": 0},
        {"stall_after": 0.0},
    ],
)
def test_a_job_with_impossible_settings_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError):
        IndexJob(dump="d", index="embedded:i", store="s", model="m", **wrong)  # type: ignore[arg-type]
