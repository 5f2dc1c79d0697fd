"""Measures against examples that were reckoned by hand."""

from __future__ import annotations

from math import log2

import pytest

from indexer.search.relevance.measures import measure, ndcg, recall, reciprocal_rank


def test_ndcg_of_an_example_from_the_textbooks() -> None:
    """Relevant at ranks 2 and 5 of three: (0.63093 + 0.38685) / (1 + 0.63093 + 0.5)."""
    assert ndcg("abcde", {"b", "e", "x"}, 10) == pytest.approx(1.01778 / 2.13093, abs=1e-5)


@pytest.mark.parametrize(
    ("ranking", "relevant", "value"),
    [
        ("ab", "a", 1.0),
        ("ba", "a", 1 / log2(3)),
        ("ab", "ba", 1.0),
        ("cba", "ba", (1 / log2(3) + 1 / log2(4)) / (1 + 1 / log2(3))),
        ("", "a", 0.0),
        ("bcd", "a", 0.0),
        ("bca", "a", 0.0),
    ],
)
def test_ndcg_looks_no_further_than_its_depth(ranking: str, relevant: str, value: float) -> None:
    depth = 2 if ranking == "bca" else 3
    assert ndcg(ranking, set(relevant), depth) == pytest.approx(value)


def test_the_best_ranking_is_worth_one_however_many_are_relevant() -> None:
    ids = [str(number) for number in range(200)]
    assert measure(ids, set(ids[:1])) == (1, 1, 1)
    assert measure(ids, set(ids[:50])) == (1, 1, 1)
    assert measure(ids, set(ids)) == (1, 0.5, 1)


def test_recall_is_the_share_of_all_relevant_posts_also_of_those_that_no_index_has() -> None:
    assert recall("abcd", {"a", "d", "missing", "gone"}, 4) == 0.5
    assert recall("abcd", {"a", "d"}, 3) == 0.5
    assert recall("", {"a"}, 3) == 0


def test_the_reciprocal_rank_is_that_of_the_first_relevant_post() -> None:
    assert reciprocal_rank("abcd", {"c", "d"}) == pytest.approx(1 / 3)
    assert reciprocal_rank("abcd", {"x"}) == 0


def test_a_ranking_is_looked_at_down_to_rank_100() -> None:
    ids = [str(number) for number in range(1, 102)]
    assert measure(ids, {"100"}) == (0, 1, 1 / 100)
    assert measure(ids, {"101"}) == (0, 0, 0)
    assert measure(ids, {"11"}) == (0, 1, 1 / 11)
