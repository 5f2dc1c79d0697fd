"""Figures of single posts, of whose means the scores of a definition are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Values = TypeVar("Values", float, NDArray[np.float64])
"""A mean, or the means of many resamples."""


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What the posts of one part contribute; kept by post, so that posts can be resampled."""

    rows: Sequence[int]
    """Which of the cases are of the part, by position."""
    columns: Mapping[str, Sequence[float]]
    """Of each figure, its values in the order of the rows."""

    def means(self) -> dict[str, float]:
        """0 where there is no post."""
        return {name: fmean(of) if of else 0.0 for name, of in self.columns.items()}


def harmonic_mean(precision: Values, recall: Values) -> Values:
    """F1; 0 where both are 0."""
    total = precision + recall
    return 2 * precision * recall / (total + (total == 0))
