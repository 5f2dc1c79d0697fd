"""Calibration: whether keyphrases of score 0.8 are gold eight times out of ten."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from trainer.evaluation import Answered
from trainer.metrics.case import stems

BINS = 10
"""Of equal width, from 0 to 1."""


@dataclass(frozen=True, kw_only=True)
class Bin:
    """The predicted keyphrases whose scores lie in a part of the scale."""

    count: int
    score: float
    """Their mean."""
    gold: float
    """The share of them that is gold after stemming."""


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """How far scores can be taken for probabilities."""

    predictions: int
    bins: Sequence[Bin]
    """Reliability, from low scores to high; without the empty ones."""
    expected_error: float
    """Expected calibration error: |gold - score| of the bins, weighted by their counts (Guo et al.,
    "On Calibration of Modern Neural Networks", ICML 2017). 0 is best."""
    brier: float
    """Mean squared distance of a score from 1 if gold and 0 if not (Brier, 1950). 0 is best."""


def calibrate(answers: Iterable[Answered]) -> Calibration:
    """Calibration over all predicted keyphrases of all posts; zeros if there is none."""
    scores, hits = [], []
    for answered in answers:
        gold = {stems(phrase) for phrase in answered.case.gold}
        for keyphrase in answered.keyphrases:
            scores.append(keyphrase.score)
            hits.append(stems(keyphrase.phrase) in gold)
    return _calibration(np.array(scores, dtype=np.float64), np.array(hits, dtype=np.float64))


def _calibration(scores: np.ndarray, hits: np.ndarray) -> Calibration:
    # A score on an edge belongs to the bin above, but 1 to the last.
    places = np.minimum((scores * BINS).astype(int), BINS - 1)
    bins = [
        Bin(
            count=int(inside.sum()),
            score=float(scores[inside].mean()),
            gold=float(hits[inside].mean()),
        )
        for inside in (places == place for place in np.unique(places))
    ]
    return Calibration(
        predictions=len(scores),
        bins=bins,
        expected_error=sum(abs(one.gold - one.score) * one.count for one in bins)
        / max(1, len(scores)),
        brier=float(((scores - hits) ** 2).mean()) if len(scores) else 0.0,
    )
