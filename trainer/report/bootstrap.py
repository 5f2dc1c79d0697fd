"""How far scores would stray had other posts of the same kind been asked: bootstrap intervals.

Posts are drawn with replacement as often as there are (Efron, "Bootstrap Methods: Another Look at
the Jackknife", 1979), and the scores are made anew of the means of what the drawn posts contribute.
So cmkp's F1@k, the harmonic mean of two means, is resampled as it is defined.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.metrics import Case, aimkp, cmkp
from trainer.metrics.figures import Figures

RESAMPLES = 1000
CONFIDENCE = 0.95
"""Of an interval: as much is cut off below as above."""

_SEED = 0
_CHUNK = 100
"""Resamples whose counts are held at once."""

Replicates = Mapping[str, Any]
"""Of the shape of `trainer.metrics.score`; each score is an array, one value per resample."""
Interval = tuple[float, float]


def resample(cases: Sequence[Case], resamples: int = RESAMPLES) -> Replicates:
    """The scores of many resamples of the posts.

    Evaluations of the same number of posts draw the same rows, so the difference of their
    replicates is that of the same posts. A resample in which no post has, say, a present
    keyphrase has no such score: nan.
    """
    parts = cmkp.figures(cases)
    single = aimkp.figures(cases)
    figures = [*parts.values(), single]
    *of_parts, of_single = _means(figures, len(cases), resamples)
    return {
        "cmkp": {part: cmkp.combine(means) for part, means in zip(parts, of_parts, strict=True)},
        "aimkp": aimkp.combine(of_single),
    }


def intervals(replicates: Replicates) -> dict[str, Any]:
    """The interval of each score, in the same shape."""
    return {
        name: intervals(of) if isinstance(of, Mapping) else interval(of)
        for name, of in replicates.items()
    }


def interval(values: NDArray[np.float64]) -> Interval:
    """The percentiles between which the middle of the values lies; 0 and 0 if all are nan."""
    known = values[~np.isnan(values)]
    if not known.size:
        return 0.0, 0.0
    cut = 50 * (1 - CONFIDENCE)
    low, high = np.percentile(known, [cut, 100 - cut]).tolist()
    return low, high


def _means(
    figures: Sequence[Figures], posts: int, resamples: int
) -> list[dict[str, NDArray[np.float64]]]:
    """For each of the figures, the means of its columns in each resample."""
    chunks: list[list[NDArray[np.float64]]] = [[] for _ in figures]
    for counts in _counts(posts, resamples):
        for of, done in zip(figures, chunks, strict=True):
            drawn = counts[:, of.rows]
            columns = np.array(list(of.columns.values()), dtype=np.float64).reshape(
                len(of.columns), len(of.rows)
            )
            size = drawn.sum(axis=1, keepdims=True)
            empty = np.full((len(counts), len(of.columns)), np.nan)
            done.append(np.divide(drawn @ columns.T, size, out=empty, where=size > 0))
    return [
        dict(zip(of.columns, np.concatenate(done).T, strict=True))
        for of, done in zip(figures, chunks, strict=True)
    ]


def _counts(posts: int, resamples: int) -> Iterator[NDArray[np.float64]]:
    """How often each post was drawn, (resamples of a chunk, posts)."""
    draws = np.random.default_rng(_SEED)
    for start in range(0, resamples, _CHUNK):
        size = min(_CHUNK, resamples - start)
        rows = (draws.integers(posts, size=posts) for _ in range(size))
        yield np.array([np.bincount(one, minlength=posts) for one in rows], dtype=np.float64)
