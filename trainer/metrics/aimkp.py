"""The aimkp definition of the scores, as the scorer published with AimKP computes them.

Nothing is de-duplicated: hits are intersections of sets, but ranks and denominators count
duplicates. F1@k is the mean of the posts' own F1@k. MAP@5 is a mean of precisions over the first
ranks, with no relevance gate and no division by the gold, so short outputs score high.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean

from trainer.metrics.case import Case, Stems, stems
from trainer.metrics.figures import Figures, Values, harmonic_mean


def score(cases: Iterable[Case]) -> dict[str, float]:
    """Scores from 0 to 1; all 0 if there is no case with gold keyphrases."""
    return combine(figures(cases).means())


def figures(cases: Iterable[Case]) -> Figures:
    """F1@k, P@k, R@k and AP@5 of each post with gold keyphrases."""
    rows, posts = [], []
    for row, case in enumerate(cases):
        if case.gold:
            rows.append(row)
            predicted = [stems(phrase) for phrase in case.predicted]
            posts.append(([stems(phrase) for phrase in case.gold], predicted))
    columns: dict[str, list[float]] = {}
    for k in (1, 3):
        pairs = [(_precision(g, p, k), _hits(g, p, k) / len(g)) for g, p in posts]
        columns[f"f1@{k}"] = [harmonic_mean(*pair) for pair in pairs]
        columns[f"p@{k}"] = [precision for precision, _ in pairs]
        columns[f"r@{k}"] = [recall for _, recall in pairs]
    columns["map@5"] = [_average_precision(g, p, 5) for g, p in posts]
    return Figures(rows=rows, columns=columns)


def combine(means: Mapping[str, Values]) -> dict[str, Values]:
    """The scores that mean figures make: here they are the same."""
    return dict(means)


def _hits(gold: Sequence[Stems], predicted: Sequence[Stems], k: int) -> int:
    return len(set(gold) & set(predicted[:k]))


def _precision(gold: Sequence[Stems], predicted: Sequence[Stems], k: int) -> float:
    return _hits(gold, predicted, k) / k


def _average_precision(gold: Sequence[Stems], predicted: Sequence[Stems], k: int) -> float:
    ranks = range(1, min(len(predicted), k) + 1)
    precisions = [_precision(gold, predicted, rank) for rank in ranks]
    return fmean(precisions) if precisions else 0.0
