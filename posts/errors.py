"""The exceptions of the whole project.

KeyphraseError
├── InputError     the user's input or surroundings are wrong; nothing was begun (exit code 2)
├── JobError       a job failed after it had begun (exit code 1)
└── PostError      one post is bad; the job goes on and the post becomes a dead letter

Messages of InputError and JobError are one sentence that says what is wrong and how to mend it.
They never contain secrets.
"""

from __future__ import annotations

from enum import StrEnum


class KeyphraseError(Exception):
    """Base of every error this project raises on purpose."""


class InputError(KeyphraseError):
    """The user's input or surroundings are wrong, and nothing was begun."""


class JobError(KeyphraseError):
    """A job failed after it had begun."""


class Reason(StrEnum):
    """Why a post could not be indexed, in words for a person."""

    BROKEN_FILE = "broken file"
    BROKEN_RECORD = "broken record"
    MISSING_ID = "missing id"
    DUPLICATE_ID = "duplicate id"
    EMPTY_POST = "empty post"
    BROKEN_PICTURE = "broken picture"
    PICTURE_TOO_LARGE = "picture too large"
    PICTURE_REFUSED = "picture refused"
    PICTURE_MISSING = "picture missing"
    TOO_MANY_PICTURES = "too many pictures"
    PICTURE_UNAVAILABLE = "picture unavailable"
    MODEL_FAILED = "model failed"
    MODEL_CRASHED = "model crashed"
    INDEX_REFUSED = "index refused"
    TAKEN_DOWN = "taken down"


PICTURE_REASONS = frozenset(
    {
        Reason.BROKEN_PICTURE,
        Reason.PICTURE_TOO_LARGE,
        Reason.PICTURE_REFUSED,
        Reason.PICTURE_MISSING,
    }
)
"""Permanent faults of a picture, which cost the post its picture only if the user says so."""


class PostError(KeyphraseError):
    """One post is bad.

    `transient` errors (a time-out, throttling) are tried again by the next run; the others are
    not, as long as post and model stay the same. All arguments reach `args`, so the error
    survives pickling between Ray workers.
    """

    def __init__(self, reason: Reason, detail: str = "", transient: bool = False) -> None:
        super().__init__(reason, detail, transient)
        self.reason = reason
        self.detail = detail
        self.transient = transient

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}" if self.detail else str(self.reason)
