"""Where the report of a run lies is told on stderr, also of one that fails."""

from __future__ import annotations

from typing import Any

import pytest

from indexer.job import IndexJob
from indexer.report import Written
from keyphrases.commands.index import run_indexing
from posts.errors import JobError

JOB = IndexJob(dump="d", index="embedded:i", store="s", model="m")


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (Written(page="/reports/[red]r.html"), "report: /reports/[red]r.html"),
        (
            Written(page="s3://b/r.html", failure="access\x1b denied"),
            "the report s3://b/r.html could not be written: access denied",
        ),
    ],
)
def test_a_report_is_told_even_if_the_run_fails(
    written: Written,
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def failing(job: IndexJob, *, on_report: Any, **others: Any) -> None:
        on_report(written)
        raise JobError("a node is gone")

    monkeypatch.setattr("keyphrases.commands.index.index_dump", failing)
    with pytest.raises(JobError):
        run_indexing(JOB)
    shown = capsys.readouterr()
    assert shown.err.splitlines() == [told]
    assert shown.out == ""
