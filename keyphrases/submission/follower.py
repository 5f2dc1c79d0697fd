"""Following a job to its end, over connections that break and heads that die."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Protocol

from keyphrases.submission.job import Job
from keyphrases.submission.job_client import UnknownJobError, UnreachableError
from posts.errors import JobError

PATIENCE = 30.0
"""Seconds that a head may be away before its job counts as lost: the job ends with it."""
_PAUSE = 1.0


class Followed(Protocol):
    """The part of `JobClient` that is needed here."""

    def job(self, id: str) -> Job: ...

    def log(self, id: str) -> Iterator[str | None]: ...

    def whole_log(self, id: str) -> str: ...


class Follower:
    """Hands the lines of a job's log to `on_line`, each once."""

    def __init__(
        self,
        client: Followed,
        on_line: Callable[[str], None],
        *,
        patience: float = PATIENCE,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._on_line = on_line
        self._patience = patience
        self._clock = clock
        self._sleep = sleep
        self._seen = 0
        self._skip = 0
        self._begun_line = ""

    def follow(self, id: str) -> Job:
        """Waits for the job's end. JobError if the head is lost, or forgets the job."""
        last_answer = self._clock()
        while True:
            try:
                for chunk in self._client.log(id):
                    last_answer = self._clock()
                    if chunk is not None:
                        self._take(chunk)
                    elif self._client.job(id).status.ended:
                        break
                job = self._client.job(id)
                last_answer = self._clock()
                if job.status.ended:
                    self._take_rest(self._client.whole_log(id))
            except UnknownJobError as error:
                raise self._lost(id, "its cluster was started anew and does not know it") from error
            except UnreachableError as error:
                if self._clock() - last_answer >= self._patience:
                    raise self._lost(id, "the head does not answer any more") from error
            else:
                if job.status.ended:
                    return job
            # The next connection begins with the log's beginning.
            self._skip = self._seen
            self._sleep(_PAUSE)

    def _take(self, chunk: str) -> None:
        new = chunk[self._skip :]
        self._skip -= len(chunk) - len(new)
        self._take_new(new)

    def _take_new(self, new: str) -> None:
        self._seen += len(new)
        *lines, self._begun_line = (self._begun_line + new).split("\n")
        for line in lines:
            self._on_line(line)

    def _take_rest(self, log: str) -> None:
        """What a job that ended soon wrote may not have come over any connection."""
        self._take_new(log[self._seen :])
        if self._begun_line:
            self._on_line(self._begun_line)

    def _lost(self, id: str, why: str) -> JobError:
        return JobError(f"{id} was lost: {why}; run the same command again: it resumes")
