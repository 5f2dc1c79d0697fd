"""How far means would stray had other queries of the same kind been asked: bootstrap intervals.

Queries are drawn with replacement as often as there are (Efron, "Bootstrap Methods: Another Look at
the Jackknife", 1979). What is compared is drawn alike, so the interval of a difference is that of a
paired one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from indexer.search.relevance.measures import MEASURES

RESAMPLES = 1000
CONFIDENCE = 0.95
"""Of an interval: as much is cut off below as above."""

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Score:
    """A mean over queries, or a difference of two."""

    value: float
    interval: Interval


Scores = Mapping[str, Score]
"""By measure."""


@dataclass(frozen=True, slots=True)
class Resampled:
    """The means of all measures over the queries, and over many resamples of them."""

    means: NDArray[np.float64]
    """(measures,)"""
    replicates: NDArray[np.float64]
    """(resamples, measures)"""

    @classmethod
    def of(cls, values: Sequence[Sequence[float]], seed: int, resamples: int = RESAMPLES) -> Self:
        """From the measures of each query. Of as many queries and the same seed the same are
        drawn."""
        table = np.asarray(values, dtype=np.float64)
        draws = np.random.default_rng(seed)
        rows = (draws.integers(len(table), size=len(table)) for _ in range(resamples))
        return cls(table.mean(axis=0), np.array([table[some].mean(axis=0) for some in rows]))

    def minus(self, other: Resampled) -> Resampled:
        """The difference, for the same queries."""
        return Resampled(self.means - other.means, self.replicates - other.replicates)

    def scores(self) -> Scores:
        """Each measure with the percentiles between which the middle of its resamples lies."""
        cut = 50 * (1 - CONFIDENCE)
        lows, highs = np.percentile(self.replicates, [cut, 100 - cut], axis=0).tolist()
        return {
            name: Score(value, (low, high))
            for name, value, low, high in zip(
                MEASURES, self.means.tolist(), lows, highs, strict=True
            )
        }
