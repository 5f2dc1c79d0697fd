"""Reciprocal rank fusion: one ranking of several, by places alone.

    score(post) = sum over rankings that have it of  weight / (60 + its place, from 1 on)

Cormack, Clarke and Buettcher, SIGIR 2009, with their constant and, which they have not, weights.
Scores of words and cosines of vectors need not be comparable for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_CONSTANT = 60


def fused(rankings: Iterable[tuple[Sequence[str], float]]) -> dict[str, float]:
    """Scores by id, the best first, ties in order of the id; of rankings and their weights."""
    scores: dict[str, float] = {}
    for ranking, weight in rankings:
        for place, id in enumerate(ranking, start=1):
            scores[id] = scores.get(id, 0.0) + weight / (_CONSTANT + place)
    return dict(sorted(scores.items(), key=lambda item: (-item[1], item[0])))
