"""The plot: scores under label noise, what each part of AimKP is worth, what the filter sees."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from bench.study.conditions import ABLATIONS, AIMKP, NOISE, STANDARD
from bench.study.summary import LABELS, MODALITIES, SCENARIOS

_COLOURS = {STANDARD: "#5b6770", AIMKP: "#d1495b"}
_LABEL_COLOURS = {"right labels": "#2e7d5b", "wrong labels": "#e09f3e"}
_TITLES = {
    "clean": "text and picture",
    "text-only": "text only",
    "image-only": "picture only",
    "shuffled": "text and another's picture",
}
_METRIC = "f1@3"


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
    for axes, scenario in zip(upper.subplots(1, len(SCENARIOS)), SCENARIOS, strict=True):
        _scores(axes, summary, scenario)
    parts, views = lower.subplots(1, 2, width_ratios=[1.25, 1])
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
    axes.legend(frameon=False, fontsize=9)


def _views(axes: Axes, summary: Mapping[str, Any]) -> None:
    """The share of masked views that full AimKP keeps."""
    rows = {
        (row["modality"], row["noise"]): row
        for row in summary["views"]
        if row["condition"] == AIMKP and row["kept, wrong labels"]
    }
    groups = [key for modality in MODALITIES for key in sorted(rows) if key[0] == modality]
    for number, labels in enumerate(LABELS):
        kept = [rows[key][f"kept, {labels}"] for key in groups]
        axes.bar(
            [place + 0.38 * (number - 0.5) for place in range(len(groups))],
            [one["mean"] for one in kept],
            width=0.36, color=_LABEL_COLOURS[labels], label=f"posts with {labels}",
            yerr=[_half(one) for one in kept], capsize=3,
        )  # fmt: skip
    axes.set_xticks(
        range(len(groups)),
        [f"{modality} masked,\n{noise:.0%} noise" for modality, noise in groups],
    )
    axes.set_ylim(0, 1)
    axes.set_ylabel("share of masked views kept")
    axes.set_title("What the filter of AimKP keeps", weight="bold")
    axes.legend(frameon=False)
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
