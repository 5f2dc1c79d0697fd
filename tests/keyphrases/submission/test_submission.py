"""How often a job is submitted, and what its end means to the submitter."""

from __future__ import annotations

import pytest

from posts.errors import InputError
from tests.keyphrases.submission.jobs import FakeCluster, a_job, a_submission


def see_through(cluster: FakeCluster, attempts: int) -> list[str]:
    """Ids of all jobs that it came to."""
    a_submission().see_through(cluster, cluster.follow, attempts, sleep=lambda _seconds: None)
    return [job.id for job in cluster.known]


@pytest.mark.parametrize("exit_code", [1, -9, 137, None])
def test_a_job_that_failed_after_it_had_begun_is_submitted_again(exit_code: int | None) -> None:
    cluster = FakeCluster(("FAILED", exit_code), ("SUCCEEDED", 0), ("SUCCEEDED", 0))
    assert see_through(cluster, 3) == ["posts-2026-11-26-1", "posts-2026-11-26-2"]


@pytest.mark.parametrize(
    "outcome", [("FAILED", 2), ("FAILED", 127), ("STOPPED", None), ("SUCCEEDED", 0)]
)
def test_wrong_input_a_stop_and_success_are_final(outcome: tuple[str, int | None]) -> None:
    assert len(see_through(FakeCluster(outcome, ("SUCCEEDED", 0)), 3)) == 1


def test_no_more_attempts_than_asked_for() -> None:
    assert len(see_through(FakeCluster(*[("FAILED", 1)] * 5), 2)) == 2
    assert len(see_through(FakeCluster(*[("FAILED", 1)] * 5), 1)) == 1


def test_a_night_that_runs_is_not_submitted() -> None:
    cluster = FakeCluster(("RUNNING", None))
    a_submission().submit(cluster)
    with pytest.raises(InputError, match="has not ended"):
        a_submission().submit(cluster)


@pytest.mark.parametrize(
    ("status", "exit_code", "of_submitter", "outcome"),
    [
        ("SUCCEEDED", 0, 0, "succeeded"),
        ("STOPPED", None, 1, "was stopped"),
        ("FAILED", 1, 1, "failed with exit code 1"),
        ("FAILED", 2, 2, "failed with exit code 2"),
        ("FAILED", -9, 1, "was killed by signal 9"),
        ("FAILED", None, 1, "was lost: the actor died"),
    ],
)
def test_the_exit_code_is_the_jobs_own(
    status: str, exit_code: int | None, of_submitter: int, outcome: str
) -> None:
    job = a_job(1, status, exit_code, message="\nthe actor died\nTraceback")
    assert job.exit_code_of_submitter == of_submitter
    assert job.outcome.startswith(outcome)
