"""Reciprocal rank fusion."""

from __future__ import annotations

import pytest

from indexer.search.fusion import fused


def test_who_is_in_more_rankings_comes_first() -> None:
    scores = fused([["a", "b", "c"], ["c", "b"], []])
    assert list(scores) == ["c", "b", "a"]
    assert scores["c"] == pytest.approx(1 / 63 + 1 / 61)
    assert scores["a"] == pytest.approx(1 / 61)


def test_ties_are_in_order_of_the_id() -> None:
    assert list(fused([["b", "c"], ["a", "d"]])) == ["a", "b", "c", "d"]
    assert fused([]) == {}
