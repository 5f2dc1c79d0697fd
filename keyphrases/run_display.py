"""What a person sees of a run of indexing while it goes on."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from indexer.progress.pace import Pace, PaceMeter
from indexer.progress.watch import Snapshot
from keyphrases.console import err

_LINE_EVERY = 30.0
"""Seconds between two lines where nobody watches a terminal: in logs."""


class RunDisplay:
    """A listener of `indexer.run.index_dump`, on stderr.

    On a terminal a small block that is gone afterwards, so that nothing hides the one line of an
    error; elsewhere a line of `name=value` now and then.
    """

    def __init__(self, console: Console = err, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._clock = clock
        self._meter = PaceMeter(clock)
        self._seen: Snapshot | None = None
        self._pace = Pace()
        self._begun = self._last_line = clock()
        self._spinner = Spinner("dots")
        self._live = Live(
            console=console, transient=True, get_renderable=self._draw, refresh_per_second=4
        )

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def __call__(self, seen: Snapshot) -> None:
        self._pace = self._meter.see(seen)
        self._seen = seen
        if not self._console.is_terminal and self._clock() - self._last_line >= _LINE_EVERY:
            self._last_line = self._clock()
            self._console.print(progress_line(seen, self._pace), markup=False)

    def _draw(self) -> Group | Table:
        seen, elapsed = self._seen, _duration(self._clock() - self._begun)
        head = Table.grid(padding=(0, 1))
        if seen is None:
            head.add_row(self._spinner, _line(f"check and start  {elapsed}", "bold"))
            return head
        if seen.total is None:
            ids = seen.stages.posts["read"]
            words = f"{ids:,} of them  {_rate(self._pace.whole)}  {elapsed}"
            head.add_row(self._spinner, _line("read ids", "bold"), _line(words))
            return head
        done, total = min(seen.tally.read, seen.total), seen.total
        left = _duration(self._pace.seconds_left)
        head.add_row(
            self._spinner,
            _line("index", "bold"),
            ProgressBar(total=max(total, 1), completed=done, width=24),
            _line(f"{seen.tally.read:,} of {total:,}  {elapsed}, time left {left}"),
        )
        stages = Table.grid(padding=(0, 2), pad_edge=True)
        counts = _counts(seen)
        for _ in counts:
            stages.add_column(justify="right")
        stages.add_row(*(_line(name, "dim") for name in counts))
        stages.add_row(*(_line(f"{count:,}", "cyan") for count in counts.values()))
        rates = f"  {_rate(self._pace.whole)}, in the last 5 minutes {_rate(self._pace.recent)}"
        return Group(head, stages, _line(rates, "dim"))


def progress_line(seen: Snapshot, pace: Pace) -> str:
    """How far a run is, for logs: a line that `grep progress:` finds and `sed` can take apart."""
    if seen.total is None:
        figures = {"ids": str(seen.stages.posts["read"]), "rate": _rate(pace.whole, "/s")}
    else:
        figures = {
            "done": str(seen.tally.read),
            "total": str(seen.total),
            **{name: str(count) for name, count in _counts(seen).items()},
            "rate": _rate(pace.whole, "/s"),
            "rate-5-minutes": _rate(pace.recent, "/s"),
            "left": _duration(pace.seconds_left),
        }
    figures["elapsed"] = _duration(seen.seconds)
    return "progress: " + " ".join(f"{name}={value}" for name, value in figures.items())


def _counts(seen: Snapshot) -> dict[str, int]:
    """By stage. What stages did may be ahead of what is committed, and is once more if redone."""
    return {
        "read": seen.stages.posts["read"],
        "unchanged": seen.tally.unchanged,
        "decoded": seen.stages.worked["decode"],
        "generated": seen.stages.worked["generate"],
        "written": seen.tally.indexed,
        "dead": seen.tally.dead,
    }


def _rate(rate: float | None, unit: str = " posts/s") -> str:
    return "unknown" if rate is None else f"{rate:,.1f}{unit}"


def _duration(seconds: float | None) -> str:
    return "unknown" if seconds is None else str(timedelta(seconds=round(seconds)))


def _line(words: str, style: str = "") -> Text:
    return Text(words, style=style, no_wrap=True, overflow="ellipsis")
