"""Candidates: the few sentences for each picture that are worth a closer look."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

CANDIDATES = 8
"""Sentences that are looked at more closely for each picture."""


def best_candidates(scores: NDArray[np.float64], most: int = CANDIDATES) -> NDArray[np.bool_]:
    """Which pairs are looked at more closely, bool like `scores` (pictures, sentences).

    Of each picture the best `most` sentences that score above 0, of equal ones the first.
    """
    best = np.argsort(-scores, axis=1, kind="stable")[:, :most]
    chosen = np.zeros(scores.shape, dtype=np.bool_)
    np.put_along_axis(chosen, best, True, axis=1)
    return chosen & (scores > 0)
