"""The report: bench/results/pocket_study.json and .png, and tables on stdout, from run files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.pocket_study.plan import CONDITIONS, EPOCHS, EVERY, SCENARIOS, Condition
from bench.pocket_study.plot import draw
from bench.result import write_result
from bench.seeds import interval, shown, table

METRICS = ("f1@1", "f1@3", "map@5")
_METHOD = (
    f"Every {EVERY}nd training post of openclipart, {EPOCHS} epochs of the pocket base with "
    "trainer/configs/pocket.yaml but for what bench/pocket_study/plan.py switches off; all "
    "conditions have the same number of optimizer steps on gold, and the last epoch's weights are "
    "measured, without selection, on the 231 validation posts, the same in all runs. Scores are "
    "cmkp. A seed decides LoRA's and the projector's first weights and the order of the posts. "
    "Intervals: 95%, Student's t over seeds; differences are paired by seed. Each run computes on "
    "one core."
)
_Run = Mapping[str, Any]


def report(folder: Path) -> None:
    """Reads the run files of a folder; writes the result and the plot beside the folder."""
    runs = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
    if not runs:
        raise SystemExit(f"no runs in {folder}; run python -m bench.pocket_study first")
    summary = summarise(runs)
    result = write_result("pocket_study", _METHOD, summary)
    plot = result.with_suffix(".png")
    plot.write_bytes(draw(summary))
    print(tables(summary))
    print(f"\n{result}\n{plot}")


def summarise(runs: Sequence[_Run]) -> dict[str, Any]:
    """Means over seeds, and differences from the condition that each is compared with."""
    return {
        "runs": len(runs),
        "updates": sorted({run["updates"] for run in runs}),
        "scores": [
            {"condition": condition.name, "scenario": scenario, "seeds": len(found)}
            | {metric: interval([one[metric] for one in found.values()]) for metric in METRICS}
            for condition in CONDITIONS
            for scenario in SCENARIOS
            if (found := _by_seed(runs, condition.name, scenario))
        ],
        "differences": [
            row
            for condition in CONDITIONS
            for scenario in SCENARIOS
            if (row := _difference(runs, condition, scenario))
        ],
    }


def _difference(runs: Sequence[_Run], condition: Condition, scenario: str) -> dict[str, Any]:
    """Over the seeds that both have; empty if they have none in common."""
    ones = _by_seed(runs, condition.name, scenario)
    others = _by_seed(runs, condition.beside, scenario)
    common = sorted(ones.keys() & others.keys())
    if not common:
        return {}
    names = {"condition": condition.name, "minus": condition.beside}
    return {**names, "scenario": scenario, "seeds": len(common)} | {
        metric: interval([ones[seed][metric] - others[seed][metric] for seed in common])
        for metric in METRICS
    }


def _by_seed(runs: Sequence[_Run], condition: str, scenario: str) -> dict[int, dict[str, float]]:
    return {
        run["seed"]: run["scores"][scenario]["cmkp"]["all"]
        for run in runs
        if run["condition"] == condition and scenario in run["scores"]
    }


def tables(summary: Mapping[str, Any]) -> str:
    """Markdown: all scores, then all differences."""
    heads = ["condition", "scenario", "seeds", "F1@1", "F1@3", "MAP@5"]
    return "\n\n".join(
        [
            table(heads, [_row(row, row["condition"]) for row in summary["scores"]]),
            "Differences",
            table(
                heads,
                [
                    _row(row, f"{row['condition']} minus {row['minus']}", signed=True)
                    for row in summary["differences"]
                ],
            ),
        ]
    )


def _row(row: Mapping[str, Any], name: str, *, signed: bool = False) -> list[str]:
    figures = (shown(row[metric], signed=signed) for metric in METRICS)
    return [name, row["scenario"], str(row["seeds"]), *figures]
