"""The plot of a training: how loss, scores and masked views went, epoch by epoch, at a glance."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from trainer.aimkp.strides import Modality
from trainer.plot_style import FAINT, IMAGE, INK, TEXT, as_png, house_style

Epochs = Sequence[Mapping[str, Any]]
"""The lines of `insight.jsonl`."""

_COLOURS = {Modality.IMAGE: IMAGE, Modality.TEXT: TEXT}
_DROPPED = "#c3c9cf"
_SCORES = {"map@5": "#9a7fc0", "f1@3": "#4a6fb5", "f1@1": "#263a5e"}
_WIDTH = 0.72
"""Of a bar, where the next epoch is 1 away."""
_ROOM = 0.07
"""A part of a bar that is smaller has no room for its stride."""
_PALEST = 0.3
"""Share of a modality's colour in its shortest stride; the rest is white."""


def draw_insight(epochs: Epochs) -> bytes:
    """A PNG of one or more epochs; of loss and scores alone if no view was masked.

    The same epochs give the same bytes.
    """
    with house_style():
        figure = Figure(layout="constrained")
        if any(epoch["views"] for epoch in epochs):
            axes = _with_views(figure, epochs)
        else:
            axes = _without_views(figure, epochs)
        for one in axes:
            one.set_xlim(0.5, len(epochs) + 0.5)
            one.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        return as_png(figure)


def _with_views(figure: Figure, epochs: Epochs) -> Sequence[Axes]:
    """Lines in the first column; beside it, a row for each modality that is masked."""
    figure.set_size_inches(12.5, 7)
    grid = figure.add_gridspec(6, 3, width_ratios=[1, 1, 1.15])
    lines = [figure.add_subplot(grid[row : row + 2, 0]) for row in (0, 2, 4)]
    _kept(lines[0], epochs)
    _loss(lines[1], epochs)
    _scores(lines[2], epochs)
    masked = [modality for modality in Modality if _of(epochs, modality)]
    height = 6 // len(masked)
    distributions = []
    for row, modality in zip(range(0, 6, height), masked, strict=True):
        bars, shapes = (figure.add_subplot(grid[row : row + height, column]) for column in (1, 2))
        _strides(bars, epochs, modality)
        _cosines(shapes, epochs, modality)
        distributions += [bars, shapes]
    for axes in (lines[-1], *distributions[-2:]):
        axes.set_xlabel("epoch")
    return [*lines, *distributions]


def _without_views(figure: Figure, epochs: Epochs) -> Sequence[Axes]:
    figure.set_size_inches(8.4, 3)
    loss, scores = figure.subplots(1, 2)
    _loss(loss, epochs)
    _scores(scores, epochs)
    for axes in (loss, scores):
        axes.set_xlabel("epoch")
    return [loss, scores]


def _kept(axes: Axes, epochs: Epochs) -> None:
    axes.set_title("Masked views kept")
    for modality, colour in _COLOURS.items():
        if views := _of(epochs, modality):
            _line(axes, views.keys(), [of["kept_share"] for of in views.values()], colour, modality)
    _shares(axes)
    _legend(axes)


def _loss(axes: Axes, epochs: Epochs) -> None:
    axes.set_title("Training loss of the clean views")
    _line(axes, _numbers(epochs), [epoch["loss"] for epoch in epochs], INK, "loss")
    axes.set_ylim(bottom=0)


def _scores(axes: Axes, epochs: Epochs) -> None:
    axes.set_title("Validation (cmkp)")
    for name, colour in _SCORES.items():
        _line(axes, _numbers(epochs), [epoch[name] for epoch in epochs], colour, name)
    axes.set_ylim(0, 1.05)
    _legend(axes)


def _strides(axes: Axes, epochs: Epochs, modality: Modality) -> None:
    """A bar per epoch, the shortest stride at the bottom and palest."""
    _explained(axes, f"Strides of {modality} views", "share of views")
    views = _of(epochs, modality)
    strides = sorted({int(stride) for of in views.values() for stride in of["strides"]})
    for epoch, of in views.items():
        bottom = 0.0
        for rank, stride in enumerate(strides):
            share = of["strides"].get(str(stride), 0) / of["made"]
            strength = 1 - (1 - _PALEST) * (len(strides) - 1 - rank) / max(1, len(strides) - 1)
            colour = _tint(_COLOURS[modality], strength)
            axes.bar(epoch, share, _WIDTH, bottom, color=colour, edgecolor="white", linewidth=0.6)
            if share >= _ROOM:
                ink = "white" if strength > 0.6 else INK
                middle = bottom + share / 2
                axes.text(epoch, middle, str(stride), color=ink, ha="center", va="center")
            bottom += share
    _shares(axes)
    _empty(axes, epochs, views)


def _cosines(axes: Axes, epochs: Epochs, modality: Modality) -> None:
    """A shape per epoch, as wide as there are views; what lies below tau was dropped."""
    _explained(axes, f"Cosines of {modality} views", "median · 5–95% · grey: dropped")
    views = _of(epochs, modality)
    lowest = 0.0
    for epoch, of in views.items():
        histogram, quantiles, tau = (
            of["cosines"]["histogram"],
            of["cosines"]["quantiles"],
            of["tau"],
        )
        edges, counts = np.array(histogram["edges"]), np.array(histogram["counts"])
        lowest = min(lowest, edges[:-1][counts > 0].min())
        widths = _WIDTH * counts / counts.max()
        for start, colour in ((-1.0, _DROPPED), (tau, _tint(_COLOURS[modality], 0.6))):
            bottoms = np.maximum(edges[:-1], start)
            heights = np.maximum(edges[1:] - bottoms, 0)
            axes.barh(bottoms, widths, heights, epoch - widths / 2, align="edge", color=colour)
        axes.plot([epoch] * 2, [quantiles["5"], quantiles["95"]], color=INK, linewidth=1)
        axes.plot(epoch, quantiles["50"], "o", color=INK, markersize=4)
    if tau >= lowest:
        _tau(axes, tau)
    axes.set_ylim(lowest - 0.03, 1.03)
    _empty(axes, epochs, views)


def _tau(axes: Axes, tau: float) -> None:
    axes.axhline(tau, color=INK, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0.9)
    axes.annotate(
        f"tau {tau:g}",
        (1, tau),
        (3, 0),
        xycoords=axes.get_yaxis_transform(),
        textcoords="offset points",
        fontsize=8,
        va="center",
        annotation_clip=False,
    )


def _line(
    axes: Axes, numbers: Iterable[int], values: Sequence[float], colour: str, name: str
) -> None:
    axes.plot(list(numbers), values, "o-", color=colour, label=name, markersize=4.5, clip_on=False)


def _legend(axes: Axes) -> None:
    """Beside the title, where no line can run through it."""
    axes.legend(
        loc="lower right",
        bbox_to_anchor=(1.02, 0.97),
        ncols=3,
        handlelength=1,
        handletextpad=0.5,
        columnspacing=0.9,
    )


def _explained(axes: Axes, title: str, words: str) -> None:
    axes.set_title(title)
    axes.set_title(words, loc="right", fontsize=8, fontweight="normal", color=FAINT)


def _shares(axes: Axes) -> None:
    axes.set_ylim(0, 1.03)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))


def _empty(axes: Axes, epochs: Epochs, views: Container[int]) -> None:
    """Says of epochs without a view that nothing is missing."""
    for number in _numbers(epochs):
        if number not in views:
            axes.text(
                number,
                0.5,
                "nothing masked",
                rotation=90,
                color=FAINT,
                fontsize=8,
                ha="center",
                va="center",
                transform=axes.get_xaxis_transform(),
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 2},
            )


def _numbers(epochs: Epochs) -> list[int]:
    return [epoch["epoch"] for epoch in epochs]


def _of(epochs: Epochs, modality: Modality) -> dict[int, Mapping[str, Any]]:
    """What the epochs that have views of a modality say of it, by their number."""
    return {
        epoch["epoch"]: epoch["views"][modality]
        for epoch in epochs
        if epoch["views"] and modality in epoch["views"]
    }


def _tint(colour: str, strength: float) -> tuple[float, ...]:
    """A colour mixed with white."""
    return tuple(1 - strength * (1 - part) for part in to_rgb(colour))
