"""Measures of a ranking, by which of its posts are relevant; a post is relevant or it is not.

    ndcg@10      DCG / DCG of the best ranking there can be, DCG = sum of 1 / log2(1 + rank) over
                 the relevant posts among the first 10 (Järvelin and Kekäläinen, "Cumulated
                 Gain-Based Evaluation of IR Techniques", 2002)
    recall@100   share of all relevant posts that are among the first 100
    mrr          1 / rank of the first relevant post, 0 if it is not among the first 100
                 (Voorhees, "The TREC-8 Question Answering Track Report", 1999)

Each lies between 0 and 1. Of several queries the mean counts.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

NDCG, RECALL, MRR = "ndcg@10", "recall@100", "mrr"
MEASURES = (NDCG, RECALL, MRR)

DEPTH = 100
"""Posts of a ranking that are looked at."""
_TOP = 10


def measure(ranking: Sequence[str], relevant: Collection[str]) -> tuple[float, float, float]:
    """All `MEASURES` of a ranking of ids, the best first; there must be a relevant one."""
    return (
        ndcg(ranking, relevant, _TOP),
        recall(ranking, relevant, DEPTH),
        reciprocal_rank(ranking[:DEPTH], relevant),
    )


def ndcg(ranking: Sequence[str], relevant: Collection[str], depth: int) -> float:
    """Normalised discounted cumulated gain of the first `depth`."""
    gained = sum(_gain(rank) for rank, id in enumerate(ranking[:depth], start=1) if id in relevant)
    return gained / sum(_gain(rank) for rank in range(1, min(depth, len(relevant)) + 1))


def recall(ranking: Sequence[str], relevant: Collection[str], depth: int) -> float:
    """Share of the relevant ones that are among the first `depth`."""
    return sum(id in relevant for id in ranking[:depth]) / len(relevant)


def reciprocal_rank(ranking: Sequence[str], relevant: Collection[str]) -> float:
    """Of the first relevant one; 0 without."""
    ranks = (rank for rank, id in enumerate(ranking, start=1) if id in relevant)
    first = next(ranks, None)
    return 0.0 if first is None else 1 / first


def _gain(rank: int) -> float:
    return 1 / math.log2(1 + rank)
