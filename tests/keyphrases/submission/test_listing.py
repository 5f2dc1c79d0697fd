"""The list of jobs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from keyphrases.submission.job import Job, Status
from keyphrases.submission.listing import lines_of, rows_of
from tests.keyphrases.submission.jobs import a_job

BEGUN = datetime(2026, 11, 26, 2, 43, 5, tzinfo=UTC)
NOW = BEGUN + timedelta(seconds=59)


def test_a_job_that_runs_and_one_that_ended_are_listed_and_others_are_not() -> None:
    jobs = [
        Job(id="raysubmit_4LamXRuQpYdSMg7J", status=Status.RUNNING),
        a_job(9, "FAILED", 1, begun=BEGUN, ended=BEGUN + timedelta(seconds=3725)),
        a_job(10, "RUNNING", begun=BEGUN),
        a_job(11, "PENDING"),
    ]
    rows = rows_of(jobs, NOW)
    assert [row["attempt"] for row in rows] == [9, 10, 11]
    assert [row["seconds"] for row in rows] == [3725, 59, None]
    assert rows[0]["ended"] == "2026-11-26T03:45:10+00:00"
    assert lines_of(rows) == [
        "job                  status   exit code  begun (UTC)       took",
        "posts-2026-11-26-9   FAILED   1          2026-11-26 02:43  1:02:05",
        "posts-2026-11-26-10  RUNNING             2026-11-26 02:43  0:00:59",
        "posts-2026-11-26-11  PENDING                               0:00:00",
    ]


def test_no_id_is_cut_short() -> None:
    job = Job(id=f"{'x' * 80}-2026-11-26-1", status=Status.PENDING)
    assert job.id in lines_of(rows_of([job], NOW))[1]
