"""The summary of all runs: means over seeds, differences between conditions, 95% intervals.

An interval is Student's t over seeds: where the mean of further seeds (first weights, order, wrong
labels) would lie. The held-out posts are the same in all runs. A difference is taken seed by seed,
so what a seed makes easy or hard for both falls out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from statistics import fmean
from typing import Any

from bench.seeds import interval
from bench.study.conditions import ABLATIONS, AIMKP, ELSEWHERE, SCENARIOS, STANDARD

Run = dict[str, Any]
Value = Callable[[Run], float | None]
"""What is taken from a run; None if it has no such thing."""

METRICS = ("f1@1", "f1@3", "map@5")
MODALITIES = ("text", "image")
LABELS = ("right labels", "wrong labels")


def summarise(runs: Iterable[Run]) -> dict[str, Any]:
    """All figures of the report; what no run has is left out."""
    study = Study(runs)
    return {
        "runs": len(study.runs),
        "seeds": sorted({run["seed"] for run in study.runs}),
        "updates": sorted({run["updates"] for run in study.runs}),
        "scores": [
            {"condition": name, "noise": noise, "scenario": scenario}
            | {metric: study.mean(name, noise, _score(scenario, metric)) for metric in METRICS}
            for name, noise in study.conditions
            for scenario in SCENARIOS
        ],
        "harm_of_a_wrong_picture": [
            {"condition": name, "noise": noise, "f1@3": study.mean(name, noise, _harm)}
            for name, noise in study.conditions
        ],
        "aimkp_minus_standard": [
            {"noise": noise, "scenario": scenario}
            | {
                metric: study.difference(
                    (AIMKP, noise), (STANDARD, noise), _score(scenario, metric)
                )
                for metric in METRICS
            }
            for name, noise in study.conditions
            if name == AIMKP and (STANDARD, noise) in study.conditions
            for scenario in SCENARIOS
        ],
        "aimkp_minus_standard_over_all_noise": [
            {"scenario": scenario}
            | {metric: study.over_all_noise(_score(scenario, metric)) for metric in METRICS}
            for scenario in SCENARIOS
        ],
        **{
            f"aimkp_minus_standard_{where}": [
                {"noise": 0.0, "scenario": scenario}
                | {
                    metric: study.difference(
                        (aimkp, 0.0), (standard, 0.0), _score(scenario, metric)
                    )
                    for metric in METRICS
                }
                for scenario in SCENARIOS
                if {(aimkp, 0.0), (standard, 0.0)} <= set(study.conditions)
            ]
            for where, (aimkp, standard) in ELSEWHERE.items()
        },
        "ablations_minus_aimkp": [
            {"condition": name, "noise": noise, "scenario": scenario}
            | {
                metric: study.difference((name, noise), (AIMKP, noise), _score(scenario, metric))
                for metric in METRICS
            }
            for name, noise in study.conditions
            if name in ABLATIONS and (AIMKP, noise) in study.conditions
            for scenario in SCENARIOS
        ],
        "views": [
            {"condition": name, "noise": noise, "modality": modality}
            | {f"kept, {of}": study.mean(name, noise, _view(modality, of, "kept")) for of in LABELS}
            | {
                f"cosine, {of}": study.mean(name, noise, _view(modality, of, "cosine"))
                for of in LABELS
            }
            | {"auc": study.mean(name, noise, _auc(modality))}
            for modality in MODALITIES
            for name, noise in study.conditions
            if not name.startswith(STANDARD)
        ],
        "label_loss": [
            {"condition": name, "noise": noise}
            | {
                of: study.mean(name, noise, _label_loss(of))
                for of in (*LABELS, "right labels of posts with wrong ones")
            }
            for name, noise in study.conditions
        ],
        "train_seconds": [
            {"condition": name, "noise": noise}
            | (study.mean(name, noise, lambda run: run["train_seconds"]) or {})
            for name, noise in study.conditions
        ],
    }


class Study:
    """The runs by condition and seed."""

    def __init__(self, runs: Iterable[Run]) -> None:
        self.runs = list(runs)
        order = [STANDARD, AIMKP, *ABLATIONS]
        order += [name for pair in ELSEWHERE.values() for name in reversed(pair)]
        self.conditions = sorted(
            {(run["condition"], run["noise"]) for run in self.runs},
            key=lambda one: (order.index(one[0]) // 2, one[1], order.index(one[0])),
        )

    def mean(self, name: str, noise: float, value: Value) -> dict[str, float | None] | None:
        """Mean over seeds, with its interval."""
        found = self._by_seed(name, noise, value)
        return interval(list(found.values()))

    def difference(
        self, one: tuple[str, float], other: tuple[str, float], value: Value
    ) -> dict[str, float | None] | None:
        """Mean of `one` minus `other` over the seeds that both have, with its interval."""
        ones, others = self._by_seed(*one, value), self._by_seed(*other, value)
        return interval([ones[seed] - others[seed] for seed in ones.keys() & others.keys()])

    def over_all_noise(self, value: Value) -> dict[str, float | None] | None:
        """AimKP minus standard, averaged over the shares of noise, seed by seed."""
        noises = [noise for name, noise in self.conditions if name == AIMKP]
        ones = [self._by_seed(AIMKP, noise, value) for noise in noises]
        others = [self._by_seed(STANDARD, noise, value) for noise in noises]
        seeds = set.intersection(*(set(one) for one in ones + others)) if noises else set()
        return interval(
            [
                fmean(one[seed] - other[seed] for one, other in zip(ones, others, strict=True))
                for seed in seeds
            ]
        )

    def _by_seed(self, name: str, noise: float, value: Value) -> dict[int, float]:
        of_condition = [
            run for run in self.runs if (run["condition"], run["noise"]) == (name, noise)
        ]
        found = {run["seed"]: value(run) for run in of_condition}
        return {seed: one for seed, one in found.items() if one is not None}


def _score(scenario: str, metric: str) -> Value:
    return lambda run: float(run["scores"][scenario]["all"][metric])


def _harm(run: Run) -> float:
    """F1@3 beside a wrong picture, minus F1@3 of the text alone."""
    return float(
        run["scores"]["shuffled"]["all"]["f1@3"] - run["scores"]["text-only"]["all"]["f1@3"]
    )


def _view(modality: str, labels: str, what: str) -> Value:
    """Over all masked views of a run."""

    def value(run: Run) -> float | None:
        epochs = [one[modality][labels] for one in run["views"] if one[modality][labels]]
        made = sum(one["made"] for one in epochs)
        return sum(one["made"] * one[what] for one in epochs) / made if made else None

    return value


def _auc(modality: str) -> Value:
    def value(run: Run) -> float | None:
        found = [one[modality]["auc"] for one in run["views"] if one[modality]["auc"] is not None]
        return fmean(found) if found else None

    return value


def _label_loss(of: str) -> Value:
    return lambda run: run["label_loss"][of]
