"""Reciprocal rank fusion."""

from __future__ import annotations

import pytest

from indexer.search.fusion import fused


def test_who_is_in_more_rankings_comes_first() -> None:
    scores = fused([(["a", "b", "c"], 1.0), (["c", "b"], 1.0), ([], 1.0)])
    assert list(scores) == ["c", "b", "a"]
    assert scores["c"] == pytest.approx(1 / 63 + 1 / 61)
    assert scores["a"] == pytest.approx(1 / 61)


def test_a_ranking_counts_as_much_as_it_weighs() -> None:
    scores = fused([(["a", "b"], 1.0), (["b"], 1.0), (["c"], 3.0)])
    assert list(scores) == ["c", "b", "a"]
    assert scores["c"] == pytest.approx(3 / 61)
    assert scores["b"] == pytest.approx(1 / 62 + 1 / 61)


def test_ties_are_in_order_of_the_id() -> None:
    assert list(fused([(["b", "c"], 1.0), (["a", "d"], 1.0)])) == ["a", "b", "c", "d"]
    assert fused([]) == {}
