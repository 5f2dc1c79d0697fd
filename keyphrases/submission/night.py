"""The night that a job is for, and the attempt at it: what a job's submission id says."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Self

from keyphrases.submission.job import Job, Status
from posts.errors import InputError

CHECK_ENDING = "-check"
"""Of the names of jobs that check and write nothing."""
LONGEST_NAME = 80
"""Ray names files by the submission id."""

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_ID = re.compile(r"(?P<name>[a-z0-9-]+)-(?P<night>\d{4}-\d\d-\d\d)-(?P<attempt>[1-9]\d*)")


def check_name(name: str) -> str:
    """The name itself, if `--name` may say so; else InputError."""
    if not _NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        raise InputError(
            "--name must be lower-case letters, digits and '-' between them, "
            f"{LONGEST_NAME} characters at most"
        )
    if name.endswith(CHECK_ENDING):
        raise InputError(f"--name must not end in {CHECK_ENDING}: that is how checks are named")
    return name


def name_of(place: str) -> str:
    """A name made of the last part of a place, such as `posts` of https://host:9200/posts.

    `InputError` if nothing is left of it.
    """
    last = place.rstrip("/").rpartition("/")[2]
    name = re.sub(r"[^a-z0-9]+", "-", last.lower()).strip("-")[:LONGEST_NAME].strip("-")
    name = re.sub(rf"({CHECK_ENDING})+$", "", name)
    if not name:
        raise InputError("the job cannot be named after its index or model; give --name")
    return name


@dataclass(frozen=True, kw_only=True)
class Night:
    """What runs, and in which night."""

    name: str
    date: date

    @property
    def is_check(self) -> bool:
        """Whether it writes nothing, and so may be done as often as anyone likes."""
        return self.name.endswith(CHECK_ENDING)

    def attempt(self, number: int) -> str:
        """Submission id of an attempt, from 1 on."""
        return f"{self.name}-{self.date.isoformat()}-{number}"

    def next_attempt(self, jobs: Iterable[Job]) -> str:
        """Submission id of the attempt after those of the cluster's jobs that are of this night.

        `InputError` if one of them has not ended or has succeeded, unless it is a check.
        """
        highest = 0
        for job in jobs:
            known = Attempt.parse(job.id)
            if known is None or known.night != self:
                continue
            highest = max(highest, known.number)
            if not self.is_check:
                _refuse(job)
        return self.attempt(highest + 1)


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """What a submission id says."""

    night: Night
    number: int

    @classmethod
    def parse(cls, id: str) -> Self | None:
        """None if it is no id of ours: other jobs may run on the cluster too."""
        found = _ID.fullmatch(id)
        if found is None:
            return None
        try:
            night = date.fromisoformat(found["night"])
        except ValueError:
            return None
        return cls(night=Night(name=found["name"], date=night), number=int(found["attempt"]))


def has_not_ended(id: str) -> InputError:
    """The refusal of another attempt, also where another submitter was faster."""
    return InputError(f"{id} has not ended; {how_to_go_on(id)}")


def how_to_go_on(id: str) -> str:
    """With a job that runs."""
    return f"`keyphrases submit logs {id}` follows it, `keyphrases submit stop {id}` stops it"


def _refuse(job: Job) -> None:
    if not job.status.ended:
        raise has_not_ended(job.id)
    if job.status is Status.SUCCEEDED:
        raise InputError(
            f"{job.id} has succeeded, so that night is done; another --name or --night is "
            "another run"
        )
