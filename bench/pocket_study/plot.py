"""The plot: F1@3 under all scenarios, and what each addition to AimKP is worth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.pocket_study.plan import CONDITIONS, FEW_SCENARIOS, SCENARIOS
from trainer.plot_style import FAINT, IMAGE, INK, TEXT, as_png, house_style, write_heading

_METHODS = {"standard": FAINT, "aimkp": INK}
_COLOURS = dict(zip(FEW_SCENARIOS, (INK, TEXT, IMAGE), strict=True))
_METRIC = "f1@3"


def draw(summary: Mapping[str, Any]) -> bytes:
    """A PNG."""
    figures = {(row["condition"], row["scenario"]): row[_METRIC] for row in summary["scores"]}
    with house_style():
        figure = Figure(figsize=(11, 4.6), layout="constrained")
        methods, additions = figure.subplots(1, 2, width_ratios=[1.3, 1])
        _methods(methods, figures)
        _additions(additions, figures)
        write_heading(
            figure,
            "F1@3 on openclipart validation after three epochs on half of the training posts",
        )
        return as_png(figure)


def _methods(axes: Axes, figures: Mapping[tuple[str, str], Any]) -> None:
    places = [name for name in _METHODS if (name, SCENARIOS[0]) in figures]
    for number, name in enumerate(places):
        shift = (number - (len(places) - 1) / 2) * 0.16
        found = [(place, figures.get((name, one))) for place, one in enumerate(SCENARIOS)]
        there = [(place, figure) for place, figure in found if figure]
        axes.errorbar(
            [place + shift for place, _ in there],
            [figure["mean"] for _, figure in there],
            yerr=[_half(figure) for _, figure in there],
            color=_METHODS[name], fmt="o", markersize=4, capsize=2, label=name,
        )  # fmt: skip
    axes.set_xticks(range(len(SCENARIOS)), SCENARIOS, rotation=40, ha="right")
    axes.set_ylim(bottom=0)
    axes.set_title("The methods")
    if places:
        axes.legend()


def _additions(axes: Axes, figures: Mapping[tuple[str, str], Any]) -> None:
    names = [one.name for one in CONDITIONS if (one.name, FEW_SCENARIOS[0]) in figures]
    for shift, (scenario, colour) in zip((-0.18, 0, 0.18), _COLOURS.items(), strict=True):
        there = [(y + shift, figures.get((name, scenario))) for y, name in enumerate(names)]
        axes.errorbar(
            [figure["mean"] for _, figure in there if figure],
            [y for y, figure in there if figure],
            xerr=[_half(figure) for _, figure in there if figure],
            color=colour, fmt="o", markersize=4, capsize=2, label=scenario,
        )  # fmt: skip
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.grid(axis="x")
    axes.set_title("What each addition is worth")
    if names:
        axes.legend(loc="upper center", ncols=len(_COLOURS), bbox_to_anchor=(0.4, -0.08))


def _half(figure: Mapping[str, float | None]) -> float:
    """Half of the interval's width; none with one seed."""
    high, mean = figure["high"], figure["mean"]
    return 0.0 if high is None or mean is None else high - mean
