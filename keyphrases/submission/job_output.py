"""The output of a job: its result to stdout, all else to stderr, as the command itself does it.

Ray writes both into one log, so the result is told by how it looks: the line of JSON that
`keyphrases index` ends with, or the word of `keyphrases train` that a version is published.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_RESULT = re.compile(r"\{.*\}$|published \S+@\d+")
_OF_RAY = re.compile(r"\d{4}-\d\d-\d\d \S+\tINFO job_manager\.py|Running entrypoint for job ")
"""Lines that Ray itself writes at the head of a job's log."""


class JobOutput:
    """Given a job's lines one by one; keeps back the last that looks like a result."""

    def __init__(self, out: Callable[[str], None], err: Callable[[str], None]) -> None:
        self._out = out
        self._err = err
        self._result: str | None = None

    def line(self, line: str) -> None:
        """A line of the log, without its end."""
        if _OF_RAY.match(line):
            return
        if not _RESULT.match(line):
            self._err(line)
            return
        self._let_go(self._err)
        self._result = line

    def end(self, *, succeeded: bool) -> None:
        """After the job: a result is one if the job succeeded."""
        self._let_go(self._out if succeeded else self._err)

    def _let_go(self, where: Callable[[str], None]) -> None:
        if self._result is not None:
            where(self._result)
        self._result = None
