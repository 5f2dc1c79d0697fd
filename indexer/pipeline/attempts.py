"""Attempts: what each model process is about to do, noted outside of it, so that its death tells.

A post that kills the process of the model (short memory, a fault in native code) leaves no error
to catch. Ray starts the process again and hands it the same posts, for ever. The notes outlive the
process: what was begun and has no end is what the one before died of.

They are also where a run that is to end has its model processes stop. Where they are kept:
`indexer.pipeline.notes`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """Rows of a table that are answered together, by where they stand in the dump: a task that is
    done again makes the same ones."""

    fragment: int
    part: int
    start: int
    stop: int
    """Behind the last row; with as many rows as none the attempt is to load the model."""


class Attempts(Protocol):
    """Told before and after each attempt."""

    def begin(self, attempt: Attempt) -> int | None:
        """How often it was begun before without coming to an end; None: do not begin it, the run
        is about to end."""
        ...

    def end(self, attempt: Attempt) -> None:
        """It came to an end, with keyphrases or with an error."""
        ...


class AttemptNotes:
    """`Attempts` in one process."""

    def __init__(self) -> None:
        self._begun: Counter[Attempt] = Counter()
        self._stopped = False

    def begin(self, attempt: Attempt) -> int | None:
        if self._stopped:
            return None
        before = self._begun[attempt]
        self._begun[attempt] += 1
        return before

    def end(self, attempt: Attempt) -> None:
        self._begun.pop(attempt, None)

    def stop(self) -> None:
        """From now on none is begun."""
        self._stopped = True

    def open(self) -> int:
        """How many are without an end."""
        return len(self._begun)
