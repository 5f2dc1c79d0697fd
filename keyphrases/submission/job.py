"""A job of the cluster, as far as it matters to who submitted it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Status(StrEnum):
    """How far a job has come, in Ray's words."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    STOPPED = "STOPPED"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"

    @property
    def ended(self) -> bool:
        return self in (Status.STOPPED, Status.SUCCEEDED, Status.FAILED)


@dataclass(frozen=True, kw_only=True)
class Job:
    """At the moment when the cluster was asked."""

    id: str
    """Its submission id."""
    status: Status
    exit_code: int | None = None
    """Of its process, negative for the signal that killed it. None while it runs, if it was
    stopped, and if it was lost or never begun."""
    message: str = ""
    """What Ray says about the status."""
    begun: datetime | None = None
    ended: datetime | None = None

    @property
    def is_worth_another_attempt(self) -> bool:
        """Whether it failed after it had begun, or was lost: the next attempt goes on from there.

        Wrong input stays wrong, and who stopped a job wants it to be so.
        """
        if self.status is not Status.FAILED:
            return False
        return self.exit_code is None or self.exit_code == 1 or _is_signal(self.exit_code)

    @property
    def exit_code_of_submitter(self) -> int:
        """That of the job's process where there is one."""
        if self.status is Status.SUCCEEDED:
            return 0
        return 1 if self.exit_code is None or self.exit_code <= 0 else self.exit_code

    @property
    def outcome(self) -> str:
        """How it ended, behind its id in a sentence."""
        if self.status is Status.SUCCEEDED:
            return "succeeded"
        if self.status is Status.STOPPED:
            return "was stopped; the same command goes on where it was"
        if self.exit_code is None:
            return f"was lost: {_first_line(self.message) or 'Ray does not say why'}"
        if self.exit_code < 0:
            return f"was killed by signal {-self.exit_code}"
        return f"failed with exit code {self.exit_code}"


def _is_signal(code: int) -> bool:
    """As Python tells it, and as a shell does."""
    return code < 0 or code > 128


def _first_line(words: str) -> str:
    return next((line.strip()[:200] for line in words.splitlines() if line.strip()), "")
