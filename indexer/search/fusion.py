"""Reciprocal rank fusion: one ranking of several, by places alone.

    score(post) = sum over rankings that have it of  1 / (60 + its place, from 1 on)

Cormack, Clarke and Buettcher, SIGIR 2009, with their constant. Scores of words and cosines of
vectors need not be comparable for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_CONSTANT = 60


def fused(rankings: Iterable[Sequence[str]]) -> dict[str, float]:
    """Scores by id, the best first, ties in order of the id."""
    scores: dict[str, float] = {}
    for ranking in rankings:
        for place, id in enumerate(ranking, start=1):
            scores[id] = scores.get(id, 0.0) + 1 / (_CONSTANT + place)
    return dict(sorted(scores.items(), key=lambda item: (-item[1], item[0])))
