"""The plot of the scenarios: how far each costs F1@3, and how that grows with severity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from trainer.plot_style import FAINT, IMAGE, INK, TEXT, as_png, house_style, write_heading
from trainer.report.bootstrap import Interval
from trainer.report.summary import Report, Summary
from trainer.scenarios import scenario_number

_EITHER = "#4a6fb5"
_SEVERITY, _SHARE = "severity", "share of posts"
_FAMILIES = {
    "image-noise": (_SEVERITY, IMAGE),
    "text-noise": (_SEVERITY, TEXT),
    "missing": (_SHARE, _EITHER),
    "shuffled": (_SHARE, IMAGE),
}
_COLOURS = {"clean": INK, "text-only": IMAGE, "image-only": TEXT}
"""A scenario has the colour of what the model is not shown as it is."""
_LEGEND = {INK: "nothing", IMAGE: "picture", TEXT: "text", _EITHER: "either"}
_ROW, _FRAME, _LEAST_HEIGHT = 0.3, 1.6, 3.2
"""Inches."""

Point = tuple[float, Summary]


def draw_scenarios(report: Report) -> bytes:
    """A PNG: F1@3 (cmkp) of each scenario with its interval; beside it a curve for each family of
    which several severities or shares were asked. The same report gives the same bytes."""
    curves = _curves(report.summaries)
    with house_style():
        figure = Figure(layout="constrained")
        write_heading(figure, f"{report.asked} on {report.posts:,} posts")
        height = max(_LEAST_HEIGHT, _FRAME + _ROW * len(report.summaries))
        if curves:
            columns = (len(curves) + 1) // 2
            figure.set_size_inches(5.2 + 3.1 * columns, max(height, 4.6 if len(curves) > 1 else 0))
            left, right = figure.subfigures(1, 2, squeeze=False, width_ratios=[5.2, 3.1 * columns])[
                0
            ]
            _all(left.subplots(), report)
            rows = min(2, len(curves))
            grid = right.subplots(rows, columns, squeeze=False, sharey=True)
            places = [grid[place % rows][place // rows] for place in range(rows * columns)]
            for axes, (family, points) in zip(places, curves.items(), strict=False):
                _curve(axes, family, points)
            for (axes,) in grid[:, :1]:
                axes.set_ylabel("F1@3 (cmkp)")
            for axes in places[len(curves) :]:
                axes.set_axis_off()
        else:
            figure.set_size_inches(6.2, height)
            _all(figure.subplots(), report)
        _explain_colours(figure, report)
        return as_png(figure)


def _explain_colours(figure: Figure, report: Report) -> None:
    used = {_colour(one.scenario) for one in report.summaries}
    title = Line2D([], [], linestyle="", label="removed or changed:")
    dots = [
        Line2D([], [], color=colour, marker="o", linestyle="", label=label)
        for colour, label in _LEGEND.items()
        if colour in used
    ]
    figure.legend(
        handles=[title, *dots], loc="outside lower left", ncols=len(_LEGEND) + 1, handletextpad=0.1
    )


def _curves(summaries: Sequence[Summary]) -> Mapping[str, Sequence[Point]]:
    """Points by family, from nothing at all (`clean`, if it was asked) to the worst."""
    start = [(0.0, one) for one in summaries if one.scenario == "clean"]
    curves: dict[str, list[Point]] = {}
    for one in summaries:
        numbered = scenario_number(one.scenario)
        if numbered is not None:
            curves.setdefault(numbered[0], []).append((numbered[1], one))
    return {
        family: start + sorted(points, key=lambda point: point[0])
        for family, points in curves.items()
        if len(points) > 1
    }


def _all(axes: Axes, report: Report) -> None:
    axes.set_title("F1@3 (cmkp) by scenario")
    axes.set_title("dot: score · line: 95% interval", loc="right", **_SMALL)
    names = [one.scenario for one in report.summaries]
    for row, one in enumerate(report.summaries):
        score, (low, high) = _f1(one)
        colour = _colour(one.scenario)
        axes.plot([low, high], [row, row], color=colour, linewidth=2.2, alpha=0.45)
        axes.plot(score, row, "o", color=colour, markersize=6, clip_on=False)
        axes.annotate(
            f"{score:.3f}", (1, row), (4, 0), xycoords=axes.get_yaxis_transform(),
            textcoords="offset points", va="center", fontsize=8, annotation_clip=False,
        )  # fmt: skip
        if one.scenario == "clean":
            axes.axvline(score, color=FAINT, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0.9)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", visible=False)
    axes.grid(axis="x", visible=True)
    axes.set_xlim(0, _top(report.summaries))


def _curve(axes: Axes, family: str, points: Sequence[Point]) -> None:
    what, colour = _FAMILIES[family]
    axes.set_title(family)
    axes.set_xlabel(f"{what} (0: clean)" if points[0][0] == 0 else what)
    scale = [number for number, _ in points]
    scores, intervals = zip(*(_f1(summary) for _, summary in points), strict=True)
    lows, highs = zip(*intervals, strict=True)
    axes.fill_between(scale, lows, highs, color=colour, alpha=0.16, linewidth=0)
    axes.plot(scale, scores, "o-", color=colour, markersize=4.5, clip_on=False)
    if what == _SEVERITY:
        axes.set_xticks(scale)
    axes.set_ylim(0, _top([summary for _, summary in points]))


_SMALL: dict[str, Any] = {"fontsize": 8, "fontweight": "normal", "color": FAINT}


def _f1(summary: Summary) -> tuple[float, Interval]:
    return summary.scores["cmkp"]["all"]["f1@3"], summary.intervals["cmkp"]["all"]["f1@3"]


def _top(summaries: Sequence[Summary]) -> float:
    """The end of the scale: a little above the best, so that small differences are seen."""
    return min(1.03, 1.08 * max(0.05, *(_f1(one)[1][1] for one in summaries)))


def _colour(scenario: str) -> str:
    numbered = scenario_number(scenario)
    return _COLOURS[scenario] if numbered is None else _FAMILIES[numbered[0]][1]
