"""The listing of a cluster's jobs, for programs and for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from keyphrases.submission.job import Job
from keyphrases.submission.night import Attempt

_COLUMNS = ["job", "status", "exit code", "begun (UTC)", "took"]


def rows_of(jobs: Iterable[Job], now: datetime) -> list[dict[str, Any]]:
    """Of those jobs that are of a night, what is told of them as JSON."""
    known = [(job, Attempt.parse(job.id)) for job in jobs]
    return [_row(job, attempt, now) for job, attempt in known if attempt is not None]


def lines_of(rows: Sequence[dict[str, Any]]) -> list[str]:
    """For people, who copy ids: so they are not cut short, as a table would where lines are."""
    cells = [_COLUMNS, *map(_cells, rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(map(str.ljust, line, widths)).rstrip() for line in cells]


def _row(job: Job, attempt: Attempt, now: datetime) -> dict[str, Any]:
    begun, ended = job.begun, job.ended
    return {
        "id": job.id,
        "name": attempt.night.name,
        "night": attempt.night.date.isoformat(),
        "attempt": attempt.number,
        "status": job.status,
        "exit_code": job.exit_code,
        "begun": begun and begun.isoformat(timespec="seconds"),
        "ended": ended and ended.isoformat(timespec="seconds"),
        "seconds": begun and round(((ended or now) - begun).total_seconds()),
    }


def _cells(row: dict[str, Any]) -> list[str]:
    minutes, seconds = divmod(row["seconds"] or 0, 60)
    return [
        *(row["id"], row["status"]),
        "" if row["exit_code"] is None else str(row["exit_code"]),
        (row["begun"] or "")[:16].replace("T", " "),
        f"{minutes // 60}:{minutes % 60:02}:{seconds:02}",
    ]
