"""Jobs of a cluster, and a cluster that is not there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from keyphrases.submission.job import Job, Status
from keyphrases.submission.night import Night
from keyphrases.submission.submission import Submission

NIGHT = Night(name="posts", date=date(2026, 11, 26))


def a_job(attempt: int, status: str, exit_code: int | None = None, **more: Any) -> Job:
    return Job(id=NIGHT.attempt(attempt), status=Status(status), exit_code=exit_code, **more)


def a_submission(**changes: Any) -> Submission:
    return Submission(**({"night": NIGHT, "entrypoint": "true", "env_vars": {}} | changes))


class FakeCluster:
    """Its jobs end as they are told to, one after the other."""

    def __init__(self, *outcomes: tuple[str, int | None]) -> None:
        self.known: list[Job] = []
        self._outcomes = list(outcomes)

    def jobs(self) -> list[Job]:
        return self.known

    def submit(
        self,
        id: str,
        entrypoint: str,
        env_vars: Mapping[str, str],
        *,
        working_dir: Path | None = None,
        image: str | None = None,
    ) -> None:
        status, exit_code = self._outcomes.pop(0)
        self.known.append(Job(id=id, status=Status(status), exit_code=exit_code))

    def follow(self, id: str) -> Job:
        return next(job for job in self.known if job.id == id)


class FakeLog:
    """A job whose log comes over one connection after the other.

    Each is what arrives over it: words, None for a while without any, or an error that ends it.
    `whole` is the log at the job's end.
    """

    def __init__(self, *connections: list[str | Exception | None], ended: Job, whole: str) -> None:
        self._connections = list(connections)
        self._whole = whole
        self._ended = ended

    def job(self, id: str) -> Job:
        if self._connections:
            return Job(id=id, status=Status.RUNNING)
        return self._ended

    def whole_log(self, id: str) -> str:
        return self._whole

    def log(self, id: str) -> Iterator[str | None]:
        for item in self._connections.pop(0) if len(self._connections) > 1 else self._last():
            if isinstance(item, Exception):
                raise item
            yield item

    def _last(self) -> Iterator[str | Exception | None]:
        (connection,) = self._connections
        yield from connection
        self._connections.clear()
