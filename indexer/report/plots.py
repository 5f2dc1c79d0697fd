"""The plots of a report, each for a light and for a dark page.

Tables of the same figures stand beside them, so they hold no text but their axes; in particular
nothing that came from posts, which may be markup to matplotlib or in a script it has no font for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, MaxNLocator, PercentFormatter

from indexer.plot_style import Theme, as_png, plot_style
from indexer.report.throughput import Part

WIDTH, HEIGHT = 480, 260
"""Pixels of the page; the pictures have twice as many, for fine screens."""

_DOTS = 200
_SCALE = 2
_DAY = 86_400
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, _DAY)
"""Seconds between two times of day on an axis."""
_MOST_TIMES = 6


def draw_throughput(parts: Sequence[Part], started: datetime, mean: float, theme: Theme) -> bytes:
    """A PNG: posts per second over the time of day (UTC), and the mean of the run."""
    with plot_style(theme):
        figure, axes = _axes()
        begun = started.timestamp()
        edges = [begun + one.start for one in parts] + [begun + parts[-1].end]
        finished = [one.finished for one in parts]
        axes.stairs(finished, edges, fill=True, color=theme.main_soft)
        axes.stairs(finished, edges, baseline=None, color=theme.main, linewidth=1.4, label="done")
        read = [one.read for one in parts]
        axes.stairs(read, edges, baseline=None, color=theme.other, linewidth=1.2, label="read")
        axes.axhline(
            mean, color=theme.ink, linewidth=0.9, linestyle=(0, (4, 3)), label="mean of the run"
        )
        axes.set_xlim(edges[0], edges[-1])
        axes.set_xticks(*_times_of_day(edges[0], edges[-1]))
        axes.set_ylabel("posts per second")
        axes.set_ylim(0, max(*finished, *read, mean, 1e-9) * 1.08)
        axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        axes.yaxis.set_major_formatter(EngFormatter(sep=""))
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, borderaxespad=0.2)
        return as_png(figure)


def draw_scores(now: Sequence[int], before: Sequence[int] | None, theme: Theme) -> bytes:
    """A PNG: the share of the keyphrases by score, and that of an earlier run."""
    with plot_style(theme):
        figure, axes = _axes()
        edges = [place / len(now) for place in range(len(now) + 1)]
        axes.bar(
            edges[:-1], _shares(now), 1 / len(now), align="edge", color=theme.main,
            edgecolor=theme.main_soft, linewidth=0.6, label="this run",
        )  # fmt: skip
        if before is not None and len(before) == len(now):
            axes.stairs(
                _shares(before), edges, baseline=None, color=theme.other, linewidth=1.6,
                label="earlier run",
            )  # fmt: skip
            axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2)
        axes.set_xlim(0, 1)
        axes.set_xlabel("score")
        axes.set_ylabel("keyphrases")
        axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        return as_png(figure)


def _shares(bins: Sequence[int]) -> list[float]:
    total = sum(bins)
    return [count / total if total else 0.0 for count in bins]


def _times_of_day(start: float, end: float) -> tuple[list[int], list[str]]:
    """Round times (UTC) between two moments, in seconds since 1970, and their labels."""
    apart = (end - start) / _MOST_TIMES
    step = next((one for one in _STEPS if one >= apart), _DAY * math.ceil(apart / _DAY))
    form = "%H:%M:%S" if step < 60 else "%H:%M" if step < _DAY else "%d %b"
    ticks = [step * place for place in range(math.ceil(start / step), int(end / step) + 1)]
    return ticks, [f"{datetime.fromtimestamp(tick, UTC):{form}}" for tick in ticks]


def _axes() -> tuple[Figure, Axes]:
    inches = (WIDTH * _SCALE / _DOTS, HEIGHT * _SCALE / _DOTS)
    figure = Figure(figsize=inches, dpi=_DOTS, layout="constrained")
    return figure, figure.subplots()
