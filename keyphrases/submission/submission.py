"""The submission: a job is given to the cluster and, if asked for, followed and given again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from keyphrases.submission.job import Job
from keyphrases.submission.night import Night

PAUSE = 75.0
"""Seconds before another attempt: Elasticsearch keeps the lock of a run that died for a minute."""


class Cluster(Protocol):
    """The part of `JobClient` that is needed here."""

    def jobs(self) -> Iterable[Job]: ...

    def submit(
        self,
        id: str,
        entrypoint: str,
        env_vars: Mapping[str, str],
        *,
        working_dir: Path | None = None,
        image: str | None = None,
    ) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Submission:
    """What is to run, where its code comes from, and for which night."""

    night: Night
    entrypoint: str
    """Line for a shell on the cluster."""
    env_vars: Mapping[str, str]
    """Environment of the job's processes; no secrets."""
    working_dir: Path | None = None
    """Folder with code, which travels; None: the cluster has it."""
    image: str | None = None
    """Container image for the job's processes; None: those of the cluster."""

    def submit(self, cluster: Cluster) -> str:
        """Submits the next attempt; its id. InputError if the night runs or is done."""
        id = self.night.next_attempt(cluster.jobs())
        cluster.submit(
            *(id, self.entrypoint, self.env_vars), working_dir=self.working_dir, image=self.image
        )
        return id

    def see_through(
        self,
        cluster: Cluster,
        follow: Callable[[str], Job],
        attempts: int,
        sleep: Callable[[float], None] = time.sleep,
    ) -> Job:
        """Submits it until it has succeeded, `attempts` times at most; the last of the jobs.

        `follow` is given an id and waits for the job's end.
        """
        job = follow(self.submit(cluster))
        for _ in range(attempts - 1):
            if not job.is_worth_another_attempt:
                break
            sleep(PAUSE)
            job = follow(self.submit(cluster))
        return job
