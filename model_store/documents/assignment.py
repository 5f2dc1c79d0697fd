"""Assignment: which sentence belongs to which picture, each to one at most."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def assign(scores: NDArray[np.float64], least: float) -> list[int | None]:
    """For each picture its sentence, or None, so that the sum of scores is the largest there is.

    scores: (pictures, sentences); minus infinity where a pair is out of the question. None counts
    `least`, so no pair that scores less is chosen. Of equal sums any may come, the same each time.
    """
    # Half a second, and each of Ray's workers imports this module.
    from scipy.optimize import linear_sum_assignment

    pictures, count = scores.shape
    if not pictures:
        return []
    # A place for "none" for each picture, and what is out of the question far below it.
    open_to_all = np.full((pictures, pictures), least)
    worst = np.nan_to_num(scores, neginf=least - 1e9)
    rows, columns = linear_sum_assignment(np.hstack([worst, open_to_all]), maximize=True)
    chosen = dict(zip(rows.tolist(), columns.tolist(), strict=True))
    return [chosen[row] if chosen[row] < count else None for row in range(pictures)]
