"""Where people read: results on stdout, progress on stderr."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

_DIRECTIONS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_LINE_EVERY = 30.0
"""Seconds between two lines of progress where nobody watches a bar: in logs."""


class Bar:
    """Progress of long work: a bar on a terminal, which is gone afterwards; a line now and then in
    a log. Nothing is left behind that could hide the one line of an error."""

    def __init__(self, description: str) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("[bold]{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.fields[words]}"),
            console=err,
            transient=True,
            disable=not err.is_terminal,
        )
        self._task = self._progress.add_task(description, total=None, words="")
        self._last_line = time.monotonic()

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def show(self, description: str, completed: float, total: float | None, words: str) -> None:
        """How far it is now; `total` None where nobody knows."""
        self._progress.update(
            self._task, description=description, completed=completed, total=total, words=words
        )
        if not err.is_terminal and time.monotonic() - self._last_line >= _LINE_EVERY:
            self._last_line = time.monotonic()
            share = "" if total is None else f" {completed:,.0f} of {total:,.0f}"
            err.print(f"{description}{share}  {words}")


def printable(words: str) -> str:
    """On one line, without what could command a terminal or turn the direction of its writing.

    Names of files and texts of posts come from anywhere.
    """
    kept = (
        " " if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") or c in _DIRECTIONS else c
        for c in words
    )
    return " ".join("".join(kept).split())


def table(title: str, columns: Sequence[str], rows: Iterable[Iterable[object]]) -> Table:
    """A table whose first column is words and whose others are figures."""
    drawn = Table(title=title, title_justify="left", title_style="bold", header_style="bold")
    for number, column in enumerate(columns):
        drawn.add_column(column, justify="left" if number == 0 else "right")
    for row in rows:
        drawn.add_row(*(_cell(value) for value in row))
    return drawn


def _cell(value: object) -> Text:
    """Never markup: a cell may hold a keyphrase, which may hold anything."""
    return Text(f"{value:.3f}" if isinstance(value, float) else str(value))
