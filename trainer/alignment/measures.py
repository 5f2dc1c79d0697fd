"""How well vectors tell which text goes with which picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Cosines = NDArray[np.floating]
"""Of picture i with text j, (N, N); the diagonal has the true pairs."""


def recall_at(cosines: Cosines, k: int) -> float:
    """Share of the posts whose own counterpart is among the k nearest; the mean of both
    directions. Among equals the own one comes last."""
    found = []
    for one in (cosines, cosines.T):
        own = np.diagonal(one)[:, None]
        rank = (one >= own).sum(1)
        found.append(float((rank <= k).mean()))
    return sum(found) / 2


def auroc(positive: NDArray[np.floating], negative: NDArray[np.floating]) -> float:
    """Probability that a true pair scores above a deranged one; equals count half."""
    both = np.concatenate([positive, negative])
    _, places, counts = np.unique(both, return_inverse=True, return_counts=True)
    ranks = (counts.cumsum() - (counts - 1) / 2)[places]
    above = ranks[: len(positive)].sum() - len(positive) * (len(positive) + 1) / 2
    return float(above / (len(positive) * len(negative)))


def derangement(count: int, seed: int) -> NDArray[np.int64]:
    """Another post for each of `count` posts, which none other has: a circle in random order."""
    order = np.random.default_rng(seed).permutation(count)
    found = np.empty(count, dtype=np.int64)
    found[order] = np.roll(order, 1)
    return found


def deranged(cosines: Cosines, seed: int = 0, draws: int = 10) -> NDArray[np.floating]:
    """Cosines of wrong pairs, each picture with that many texts, one of each derangement."""
    count = len(cosines)
    drawn = (derangement(count, seed + draw) for draw in range(draws))
    return np.concatenate([cosines[np.arange(count), others] for others in drawn])
