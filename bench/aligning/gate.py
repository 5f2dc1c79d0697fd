"""What the gate does for keyphrases: it drops pictures that do not seem to fit their texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model_store.asked_post import AskedPost
from model_store.keyphraser import Keyphraser
from posts.picture_size import shrink
from trainer.evaluation import evaluate
from trainer.metrics import Case, score
from trainer.report.bootstrap import interval, resample
from trainer.scenarios import Scenario, find_scenario
from trainer.training_set import TrainingSet

THRESHOLDS = tuple(round(step / 20, 2) for step in range(20))
"""Probabilities below which a picture is dropped; 0 drops none."""
SCENARIOS = ("clean", "shuffled")
"""Own pictures, and those of other posts."""
METHOD = (
    "gate: the model that ships is asked about the openclipart validation posts with their own "
    "pictures (clean), with those of other posts (shuffled) and without (text_only); F1@3 (cmkp). "
    "Its heads are calibrated on the same posts. With the gate, a post whose alignment is below "
    "the threshold has its answer without picture. threshold: the one with the best mean of clean "
    "and shuffled, of all posts; with: each half of the posts is gated with the threshold that "
    "suits the other half. gain: with less without, with a 95% bootstrap interval over posts. "
    "harm: shuffled less text_only. dropped: share of pictures, at the threshold of all. curve: "
    "all posts at each threshold."
)


@dataclass(frozen=True, kw_only=True)
class Gated:
    """A scenario's answers, and those that take their place where its picture is dropped."""

    shown: Sequence[Case]
    alone: Sequence[Case]
    """Of the text alone."""
    alignments: NDArray[np.float64]
    """Of each post; inf where there is nothing to compare."""

    def cases(self, threshold: float | NDArray[np.float64]) -> list[Case]:
        """What is said with the gate; a threshold for all or one for each post."""
        dropped = self.alignments < threshold
        return [
            alone if drop else shown
            for shown, alone, drop in zip(self.shown, self.alone, dropped, strict=True)
        ]

    def f1(self, threshold: float, rows: NDArray[np.intp] | None = None) -> float:
        """F1@3 (cmkp) with the gate, of all posts or some."""
        cases = self.cases(threshold)
        return f1_at_3(cases if rows is None else [cases[row] for row in rows])


def measure_gate(keyphraser: Keyphraser, posts: TrainingSet) -> dict[str, Any]:
    """Everything under the key `gate`."""
    alone = evaluate(keyphraser, posts, "text-only").cases
    scenarios = {
        name: Gated(
            shown=evaluate(keyphraser, posts, name).cases,
            alone=alone,
            alignments=alignments(keyphraser, posts, find_scenario(name)),
        )
        for name in SCENARIOS
    }
    return judge(scenarios, alone)


def alignments(
    keyphraser: Keyphraser, posts: TrainingSet, scenario: Scenario
) -> NDArray[np.float64]:
    """How probably what is shown of each post belongs together."""
    found = []
    for row in range(len(posts)):
        shown = scenario(posts, row)
        picture = shown.picture and shrink(shown.picture, keyphraser.picture_size)
        (one,) = keyphraser.embed([AskedPost(shown.text, picture)])
        found.append(np.inf if one.alignment is None else one.alignment)
    return np.array(found)


def judge(scenarios: Mapping[str, Gated], alone: Sequence[Case]) -> dict[str, Any]:
    """Thresholds, gains and harm, of answers that are there."""
    posts = np.arange(len(alone))
    halves = [posts[posts % 2 == half] for half in (0, 1)]
    threshold = best_threshold(scenarios, posts)
    of_post = np.empty(len(posts))
    for half, other in zip(halves, reversed(halves), strict=True):
        of_post[half] = best_threshold(scenarios, other)
    text_only = f1_at_3(alone)
    found: dict[str, Any] = {"threshold": threshold, "text_only": text_only}
    for name, gated in scenarios.items():
        without, with_gate = gated.cases(0.0), gated.cases(of_post)
        spread = _replicates(with_gate) - _replicates(without)
        found[name] = {
            "without": f1_at_3(without),
            "with": f1_at_3(with_gate),
            "gain": f1_at_3(with_gate) - f1_at_3(without),
            "gain_interval": list(interval(spread)),
            "dropped": float((gated.alignments < threshold).mean()),
        }
    found["harm"] = {name: found["shuffled"][name] - text_only for name in ("without", "with")}
    found["curve"] = [
        {"threshold": one, **{name: gated.f1(one) for name, gated in scenarios.items()}}
        for one in THRESHOLDS
    ]
    return found


def best_threshold(scenarios: Mapping[str, Gated], rows: NDArray[np.intp]) -> float:
    """The one that does best where every other picture is a wrong one; the lowest among equals."""
    return max(
        THRESHOLDS,
        key=lambda threshold: (
            sum(gated.f1(threshold, rows) for gated in scenarios.values()),
            -threshold,
        ),
    )


def f1_at_3(cases: Sequence[Case]) -> float:
    """As cmkp defines it, over all keyphrases."""
    return float(score(cases)["cmkp"]["all"]["f1@3"])


def _replicates(cases: Sequence[Case]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = resample(cases)["cmkp"]["all"]["f1@3"]
    return found
