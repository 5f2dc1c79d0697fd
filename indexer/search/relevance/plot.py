"""The plot of a report: how each measure goes with the threshold.

It holds no text that came from a dump or an index, which may be markup to matplotlib.
"""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from indexer.plot_style import PAPER, as_png, plot_style
from indexer.search.relevance.measures import MEASURES
from indexer.search.relevance.report import RelevanceReport
from indexer.search.relevance.resampling import Score
from indexer.search.relevance.tables import NAMES, about

_INCHES = (9.6, 3.5)
_DOTS = 130
_LEAST_TOP = 0.05
_ROOM = 1.08
"""Above the highest value."""


def draw_thresholds(report: RelevanceReport) -> bytes:
    """A PNG with a panel for each measure. The same report gives the same bytes."""
    with plot_style(PAPER):
        figure = Figure(figsize=_INCHES, dpi=_DOTS, layout="constrained")
        figure.suptitle(about(report), x=0.01, ha="left", fontsize=9, color=PAPER.faint)
        panels = figure.subplots(1, len(MEASURES), squeeze=False)[0]
        for axes, name in zip(panels, MEASURES, strict=True):
            _draw_measure(axes, report, name)
        lines, labels = panels[0].get_legend_handles_labels()
        figure.legend(lines, labels, loc="outside lower left", ncols=len(labels))
        return as_png(figure)


def _draw_measure(axes: Axes, report: RelevanceReport, name: str) -> None:
    found = report.comparison.thresholds
    scale = [one.threshold for one in found]
    text = report.comparison.text_only[name]
    both = [one.both[name] for one in found]
    keyphrases = [one.keyphrases_only[name] for one in found]
    axes.set_title(NAMES[name], loc="left", fontsize=10, fontweight="bold")
    _draw_line(axes, scale, both, PAPER.main, "o-", "both")
    _draw_line(axes, scale, keyphrases, PAPER.third, "s--", "keyphrases only")
    axes.axhspan(*text.interval, color=PAPER.other, alpha=0.12, linewidth=0)
    axes.axhline(text.value, color=PAPER.other, linewidth=1.4, label="text only")
    axes.axvline(
        report.comparison.recommended.threshold, color=PAPER.faint, linewidth=0.9,
        linestyle=(0, (4, 3)), label="recommended threshold",
    )  # fmt: skip
    highest = max(score.interval[1] for score in (text, *both, *keyphrases))
    axes.set_ylim(0, max(_LEAST_TOP, highest) * _ROOM)
    axes.set_xlabel("threshold")


def _draw_line(
    axes: Axes, scale: Sequence[float], scores: Sequence[Score], colour: str, form: str, label: str
) -> None:
    lows, highs = zip(*(score.interval for score in scores), strict=True)
    axes.fill_between(scale, lows, highs, color=colour, alpha=0.15, linewidth=0)
    values = [score.value for score in scores]
    axes.plot(scale, values, form, color=colour, markersize=4, linewidth=1.5, label=label)
