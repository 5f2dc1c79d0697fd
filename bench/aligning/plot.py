"""The plot of bench.alignment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure

from trainer.plot_style import FAINT, IMAGE, INK, TEXT, as_png, house_style, write_heading

_COLOURS = {"off": FAINT, "infonce": INK, "srcl": IMAGE, "deletion": TEXT}
_MEASURES = ("r@1", "r@5", "auroc")


def draw(measured: Mapping[str, Any], noises: tuple[str, ...]) -> bytes:
    """A PNG: a row for each kind of posts, a column for each measure, a line for each loss."""
    kinds = ("openclipart", "drawn")
    with house_style():
        figure = Figure(figsize=(8, 4.8), layout="constrained")
        rows = figure.subplots(len(kinds), len(_MEASURES), sharex=True)
        for kind, line in zip(kinds, rows, strict=True):
            for name, axes in zip(_MEASURES, line, strict=True):
                for shift, (loss, colour) in enumerate(_COLOURS.items()):
                    figures = [measured[kind][noise][loss] for noise in noises]
                    values = [one[name] for one in figures]
                    spread = [one.get(f"{name}_interval") or [one[name]] * 2 for one in figures]
                    places = [int(noise) + 0.8 * (shift - 1.5) for noise in noises]
                    below = [value - low for value, (low, _) in zip(values, spread, strict=True)]
                    above = [high - value for value, (_, high) in zip(values, spread, strict=True)]
                    axes.errorbar(
                        *(places, values),
                        yerr=[below, above],
                        fmt="o-",
                        color=colour,
                        markersize=3,
                        elinewidth=0.8,
                        label=loss,
                    )
                axes.set_title(f"{kind}: {name.upper()}")
                axes.set_xticks([int(noise) for noise in noises], [f"{one}%" for one in noises])
        for axes in rows[-1]:
            axes.set_xlabel("pairs that are copies")
        rows[0][0].legend()
        write_heading(
            figure, "Which text goes with which picture: heads alone, 3 seeds, 95% intervals"
        )
        return as_png(figure)


def draw_gate(gate: Mapping[str, Any]) -> bytes:
    """A PNG: F1@3 by the threshold below which pictures are dropped."""
    thresholds = [one["threshold"] for one in gate["curve"]]
    with house_style():
        figure = Figure(figsize=(5, 3.2), layout="constrained")
        axes = figure.subplots()
        for name, label, colour in (
            ("clean", "own pictures", IMAGE),
            ("shuffled", "pictures of other posts", INK),
        ):
            axes.plot(thresholds, [one[name] for one in gate["curve"]], color=colour, label=label)
        axes.axhline(gate["text_only"], color=TEXT, linestyle="--", label="no pictures")
        axes.axvline(gate["threshold"], color=FAINT, linewidth=0.8)
        axes.set_xlabel("pictures are dropped whose alignment is below")
        axes.set_ylabel("F1@3")
        axes.legend()
        write_heading(figure, "Keyphrases with the gate for pictures")
        return as_png(figure)
