"""The aimkp definition of the scores, as the scorer published with AimKP computes them.

Nothing is de-duplicated: hits are intersections of sets, but ranks and denominators count
duplicates. F1@k is the mean of the posts' own F1@k. MAP@5 is a mean of precisions over the first
ranks, with no relevance gate and no division by the gold, so short outputs score high.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import fmean

from trainer.metrics.case import Case, Stems, stems


def score(cases: Iterable[Case]) -> dict[str, float]:
    """Scores from 0 to 1; all 0 if there is no case with gold keyphrases."""
    posts = [
        ([stems(phrase) for phrase in case.gold], [stems(phrase) for phrase in case.predicted])
        for case in cases
        if case.gold
    ]
    scores = {}
    for k in (1, 3):
        pairs = [(_precision(g, p, k), _hits(g, p, k) / len(g)) for g, p in posts]
        scores[f"f1@{k}"] = _mean([_f1(*pair) for pair in pairs])
        scores[f"p@{k}"] = _mean([precision for precision, _ in pairs])
        scores[f"r@{k}"] = _mean([recall for _, recall in pairs])
    scores["map@5"] = _mean([_average_precision(g, p, 5) for g, p in posts])
    return scores


def _hits(gold: Sequence[Stems], predicted: Sequence[Stems], k: int) -> int:
    return len(set(gold) & set(predicted[:k]))


def _precision(gold: Sequence[Stems], predicted: Sequence[Stems], k: int) -> float:
    return _hits(gold, predicted, k) / k


def _average_precision(gold: Sequence[Stems], predicted: Sequence[Stems], k: int) -> float:
    ranks = range(1, min(len(predicted), k) + 1)
    return _mean([_precision(gold, predicted, rank) for rank in ranks])


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _mean(values: Sequence[float]) -> float:
    return fmean(values) if values else 0.0
