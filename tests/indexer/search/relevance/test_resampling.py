"""Intervals of means and of their differences."""

from __future__ import annotations

import numpy as np
import pytest

from indexer.search.relevance.resampling import Resampled


def half(queries: int) -> list[tuple[float, float, float]]:
    return [(float(row % 2), 1.0, row / queries) for row in range(queries)]


def test_an_interval_is_that_of_a_known_distribution() -> None:
    """The mean of n draws of 0 or 1 has a standard deviation of 0.5 / sqrt(n)."""
    found = Resampled.of(half(400), seed=0).scores()
    assert found["ndcg@10"].value == 0.5
    assert found["ndcg@10"].interval == pytest.approx((0.451, 0.549), abs=0.01)
    assert found["recall@100"].interval == (1, 1)
    assert found["mrr"].value == pytest.approx(0.5, abs=0.01)


def test_resamples_are_means_of_drawn_queries() -> None:
    values = np.array(half(3))
    rows = np.random.default_rng(7).integers(3, size=3)
    (replicate,) = Resampled.of(half(3), seed=7, resamples=1).replicates
    assert replicate == pytest.approx(values[rows].mean(axis=0))


def test_a_difference_is_of_the_same_queries() -> None:
    """One is better by the same for each query, however much these differ."""
    better = [tuple(value + 0.1 for value in row) for row in half(40)]
    found = Resampled.of(better, seed=0).minus(Resampled.of(half(40), seed=0)).scores()
    assert found["ndcg@10"].value == pytest.approx(0.1)
    assert found["ndcg@10"].interval == pytest.approx((0.1, 0.1))


def test_the_seed_alone_decides() -> None:
    one, same, other = (Resampled.of(half(30), seed=seed).scores() for seed in (1, 1, 2))
    assert one == same
    assert one["mrr"].interval != other["mrr"].interval
