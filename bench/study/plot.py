"""The plot: scores under label noise, what each part of AimKP is worth, what the filter sees."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from bench.study.conditions import ABLATIONS, AIMKP, NOISE, SCENARIOS, STANDARD
from bench.study.summary import LABELS
from trainer.config import TrainConfig

_COLOURS = {STANDARD: "#5b6770", AIMKP: "#d1495b"}
_LABEL_COLOURS = {"right labels": "#2e7d5b", "wrong labels": "#e09f3e"}
_TITLES = {
    "clean": "text and picture",
    "text-only": "text only",
    "image-only": "picture only",
    "shuffled": "text and another's picture",
}
_METRIC = "f1@3"
_THRESHOLDS = {"text": TrainConfig.tau_text, "image": TrainConfig.tau_image}


def draw(summary: Mapping[str, Any], path: Path) -> None:
    """Writes a PNG."""
    plt.rcParams.update({"font.size": 10, "axes.spines.top": False, "axes.spines.right": False})
    figure = plt.figure(figsize=(13, 8), layout="constrained")
    upper, lower = figure.subfigures(2, 1, height_ratios=[1, 1.1])
    upper.suptitle(
        f"F1@3 on held-out posts by label noise in training, {len(summary['seeds'])} seeds, "
        "95% intervals",
        weight="bold",
    )
    for axes, scenario in zip(
        upper.subplots(1, len(SCENARIOS), sharey=True), SCENARIOS, strict=True
    ):
        _scores(axes, summary, scenario)
    parts, views = lower.subplots(1, 2, width_ratios=[1.1, 1])
    _parts(parts, summary)
    _views(views, summary)
    figure.savefig(path, dpi=130)
    plt.close(figure)


def _scores(axes: Axes, summary: Mapping[str, Any], scenario: str) -> None:
    for shift, (method, colour) in zip((-0.6, 0.6), _COLOURS.items(), strict=True):
        rows = [
            row
            for row in summary["scores"]
            if (row["condition"], row["scenario"]) == (method, scenario)
        ]
        axes.errorbar(
            [100 * row["noise"] + shift for row in rows],
            [row[_METRIC]["mean"] for row in rows],
            yerr=[_half(row[_METRIC]) for row in rows],
            color=colour, marker="o", capsize=3, label=_name(method),
        )  # fmt: skip
    axes.set_title(_TITLES[scenario])
    axes.set_xticks([0, 20, 40], ["0%", "20%", "40%"])
    axes.set_xlabel("wrong labels")
    axes.set_ylim(0.2, 1)
    axes.grid(axis="y", alpha=0.3)
    if scenario == SCENARIOS[0]:
        axes.set_ylabel("F1@3")
        axes.legend(frameon=False, loc="lower left")


def _parts(axes: Axes, summary: Mapping[str, Any]) -> None:
    """Each way to train at `NOISE`, against full AimKP."""
    names = [STANDARD, *ABLATIONS]
    rows = summary["ablations_minus_aimkp"] + [
        {"condition": STANDARD, "scenario": row["scenario"], _METRIC: _negated(row[_METRIC])}
        for row in summary["aimkp_minus_standard"]
        if row["noise"] == NOISE
    ]
    marks = dict(zip(SCENARIOS, ("o", "s", "^", "D"), strict=True))
    colours = dict(zip(SCENARIOS, ("#1d3557", "#2a9d8f", "#e76f51", "#8d99ae"), strict=True))
    for row in rows:
        scenario = row["scenario"]
        axes.errorbar(
            row[_METRIC]["mean"],
            names.index(row["condition"]) + 0.18 * (SCENARIOS.index(scenario) - 1.5),
            xerr=_half(row[_METRIC]),
            color=colours[scenario], marker=marks[scenario], capsize=3, linestyle="",
            label=_TITLES[scenario] if row["condition"] == STANDARD else None,
        )  # fmt: skip
    axes.axvline(0, color=_COLOURS[AIMKP])
    axes.set_yticks(range(len(names)), [_name(name) for name in names])
    axes.invert_yaxis()
    axes.grid(axis="x", alpha=0.3)
    axes.set_xlabel("F1@3 minus that of full AimKP (right of the line: better than AimKP)")
    axes.set_title(f"At {NOISE:.0%} wrong labels: AimKP without a part", weight="bold")
    axes.legend(
        frameon=False, fontsize=9, ncols=4, loc="upper center", bbox_to_anchor=(0.45, -0.12)
    )


def _views(axes: Axes, summary: Mapping[str, Any]) -> None:
    """The cosines that the filter of full AimKP takes, and the share of views it keeps by them."""
    rows = [row for row in summary["views"] if row["condition"] == AIMKP]
    places = [place + 0.6 * (row["modality"] == "image") for place, row in enumerate(rows)]
    for row, place in zip(rows, places, strict=True):
        both = row["cosine, wrong labels"] is not None
        for labels, shift in zip(LABELS, (-0.22 * both, 0.22), strict=True):
            cosine, kept = row[f"cosine, {labels}"], row[f"kept, {labels}"]
            if cosine is None:
                continue
            axes.bar(
                place + shift, cosine["mean"], width=0.42, color=_LABEL_COLOURS[labels],
                yerr=_half(cosine), capsize=3,
            )  # fmt: skip
            axes.text(
                place + shift,
                0.02,
                f"{100 * kept['mean']:.0f}",
                ha="center",
                color="white",
                fontsize=9,
            )
        threshold = _THRESHOLDS[row["modality"]]
        axes.hlines(threshold, place - 0.5, place + 0.5, color="black", linestyle="--")
    handles = [
        Patch(color=_LABEL_COLOURS[labels], label=f"posts with {labels}") for labels in LABELS
    ]
    handles.append(Line2D([], [], color="black", linestyle="--", label="threshold"))
    axes.legend(handles=handles, frameon=False, loc="upper left", ncols=3, fontsize=9)
    axes.set_xticks(places, [f"{row['noise']:.0%}" for row in rows])
    axes.set_xlabel("wrong labels")
    for modality in ("text", "image"):
        of_modality = [
            p for row, p in zip(rows, places, strict=True) if row["modality"] == modality
        ]
        if of_modality:
            center = sum(of_modality) / len(of_modality)
            axes.text(center, 1.03, f"{modality}-masked views", ha="center")
    axes.set_ylim(0, 1.25)
    axes.set_yticks([0, 0.2, 0.4, 0.6, 0.8, 1.0])
    axes.set_ylabel("mean cosine of masked and clean gradient")
    axes.set_title("What AimKP's filter sees (in the bars: % of views kept)", weight="bold")
    axes.grid(axis="y", alpha=0.3)


def _half(figure: Mapping[str, float | None]) -> float:
    high, mean = figure["high"], figure["mean"]
    return 0.0 if high is None or mean is None else high - mean


def _negated(figure: Mapping[str, float | None]) -> dict[str, float | None]:
    mean, low, high = (figure[key] for key in ("mean", "low", "high"))
    return {
        "mean": None if mean is None else -mean,
        "low": None if high is None else -high,
        "high": None if low is None else -low,
    }


def _name(condition: str) -> str:
    return {STANDARD: "standard", AIMKP: "AimKP"}.get(condition, condition.replace("-", " "))
