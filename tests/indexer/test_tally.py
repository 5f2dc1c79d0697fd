"""Numbers that add up, and runs that are given up."""

from __future__ import annotations

import pytest

from indexer.job import IndexJob
from indexer.tally import ErrorBudget, Tally
from posts.errors import InputError, JobError


def test_counts_add_up() -> None:
    tally = Tally(generated=3, updated=2, unchanged=7, dead=1)
    assert tally.indexed == 5
    assert tally.read == tally.indexed + tally.unchanged + tally.dead == 13


def test_a_run_that_goes_wrong_is_given_up_early() -> None:
    with pytest.raises(JobError, match="600 of 1,000"):
        ErrorBudget(rate=None).check(Tally(generated=400, dead=600))


def test_a_small_dump_may_be_all_bad_unless_a_rate_is_given() -> None:
    bad = Tally(dead=20)
    ErrorBudget(rate=None).check(bad, finished=True)
    ErrorBudget(rate=0.1).check(bad)
    with pytest.raises(JobError, match=r"max-error-rate 0\.1"):
        ErrorBudget(rate=0.1).check(bad, finished=True)


def test_a_rate_that_is_just_met_is_allowed() -> None:
    ErrorBudget(rate=0.1).check(Tally(generated=9, dead=1), finished=True)


@pytest.mark.parametrize("wrong", [{"max_error_rate": 5.0}, {"actors": 0}, {"stall_after": 0.0}])
def test_a_job_with_impossible_settings_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError):
        IndexJob(dump="d", index="embedded:i", store="s", model="m", **wrong)  # type: ignore[arg-type]
