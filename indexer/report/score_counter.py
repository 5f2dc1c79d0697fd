"""Counting scores: a histogram of fixed bins."""

from __future__ import annotations

from collections.abc import Iterable

from indexer.report.record import Scores

BINS = 20


class ScoreCounter:
    """Scores of keyphrases, post by post."""

    def __init__(self) -> None:
        self._bins = [0] * BINS
        self._without = 0

    def add(self, scores: Iterable[float]) -> None:
        """Those of one post, 0 to 1."""
        empty = True
        for score in scores:
            empty = False
            # In this order: the larger of 0 and what is no number is 0.
            inside = min(max(0.0, score), 1.0)
            self._bins[min(int(inside * BINS), BINS - 1)] += 1
        self._without += empty

    def counted(self) -> Scores:
        return Scores(bins=tuple(self._bins), without_keyphrases=self._without)
