"""The schedule of alpha: how much of the weights is the teacher's."""

from __future__ import annotations


def alpha(update: int, updates: int) -> float:
    """1 at the first of the updates, counted from 0, and 0 after the last, on a line.

    At first only the teacher knows what is alike; as training goes on the model's own eye counts
    more. It follows from the count alone, so a resumed run has no state to lose.
    """
    return 1 - min(update, updates) / max(1, updates)
