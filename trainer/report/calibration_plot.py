"""The plot of the calibration: of each scenario, how often keyphrases of a score are gold."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from trainer.plot_style import FAINT, INK, as_png, house_style, write_heading
from trainer.report.calibration import BINS
from trainer.report.summary import Report, Summary

_COLUMNS = 4
_PANEL = 2.6
"""Inches, each way."""
_LINE, _BARS = "#4a6fb5", "#dfe5ef"


def draw_calibration(report: Report) -> bytes:
    """A PNG with a panel for each scenario. The same report gives the same bytes."""
    columns = min(_COLUMNS, len(report.summaries))
    rows = -(-len(report.summaries) // columns)
    with house_style():
        figure = Figure(layout="constrained")
        figure.set_size_inches(max(1.6, columns) * _PANEL + 0.6, rows * _PANEL + 0.8)
        gap = "\n" if columns < 3 else "  "
        write_heading(
            figure,
            f"{report.asked} on {report.posts:,} posts\n"
            f"On the dashed line, scores are probabilities.{gap}Bars: share of the predictions.",
        )
        grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
        panels = list(grid.flat)
        for axes, summary in zip(panels, report.summaries, strict=False):
            _panel(axes, summary)
        for axes in panels[len(report.summaries) :]:
            axes.set_axis_off()
        for row in grid:
            row[0].set_ylabel("share that is gold")
        # Above an empty place the scale would be missing.
        for axes in panels[len(report.summaries) - columns : len(report.summaries)]:
            axes.tick_params(axis="x", labelbottom=True)
            axes.set_xlabel("score")
        return as_png(figure)


def _panel(axes: Axes, summary: Summary) -> None:
    calibration = summary.calibration
    axes.set_title(summary.scenario)
    axes.set_title(
        f"ECE {calibration.expected_error:.3f}",
        loc="right",
        fontsize=8,
        fontweight="normal",
        color=FAINT,
    )
    axes.plot([0, 1], [0, 1], color=FAINT, linewidth=0.8, linestyle=(0, (4, 3)))
    for one in calibration.bins:
        # Means can lie on an edge only if all scores do; then either neighbour is as good.
        left = min(int(one.score * BINS), BINS - 1) / BINS
        share = one.count / calibration.predictions
        axes.bar(left, share, 1 / BINS, align="edge", color=_BARS, edgecolor="white")
    scores = [one.score for one in calibration.bins]
    golds = [one.gold for one in calibration.bins]
    axes.plot(scores, golds, "o-", color=_LINE, markersize=4, linewidth=1.4, clip_on=False)
    if not calibration.bins:
        axes.text(0.5, 0.5, "nothing predicted", color=INK, fontsize=8, ha="center", va="center")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_aspect("equal")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_ticks([0, 0.5, 1])
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
