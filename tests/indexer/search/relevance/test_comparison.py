"""Texts, keyphrases and both, measured with and without weak keyphrases."""

from __future__ import annotations

from dataclasses import replace
from math import log2

import pytest

from indexer.index.records import Document
from indexer.search.relevance.comparison import Comparison, compare
from indexer.search.relevance.resampling import Score
from tests.indexer.index.samples import document, phrases
from tests.indexer.search.relevance.samples import DOCUMENTS, judgements, quiet

HALF = 1 / (1 + 1 / log2(3))
"""nDCG of one of two relevant posts at rank 1."""


def compared(*thresholds: float, **relevant: str) -> Comparison:
    return compare(DOCUMENTS, judgements(**relevant), thresholds, seed=0, progress=quiet)


def test_each_way_is_measured_by_itself() -> None:
    """The text has one of two cats, the keyphrases have both and a false one behind them."""
    found = compared(0.0, cat="p1 p2")
    assert found.text_only["ndcg@10"].value == pytest.approx(HALF)
    assert found.text_only["recall@100"].value == 0.5
    assert found.text_only["mrr"].value == 1
    whole = found.as_it_is
    assert whole.keyphrases_only["ndcg@10"].value == pytest.approx(1)
    assert whole.both["recall@100"].value == 1
    assert whole.difference["ndcg@10"].value == pytest.approx(1 - HALF)
    assert whole.keyphrases_per_post == pytest.approx(4 / 3)


def test_what_only_texts_have_is_not_found_in_keyphrases() -> None:
    found = compared(0.0, dog="p3")
    assert found.text_only["mrr"].value == 1
    assert found.as_it_is.keyphrases_only["mrr"].value == 0
    assert found.as_it_is.both["mrr"].value == 1
    assert found.as_it_is.difference["mrr"].value == 0


def test_below_the_threshold_keyphrases_find_nothing() -> None:
    found = compared(0.0, 0.5, cat="p1 p2").thresholds[1]
    assert found.threshold == 0.5
    assert found.keyphrases_only["recall@100"].value == 0.5
    assert found.both["ndcg@10"].value == pytest.approx(HALF)
    assert found.keyphrases_per_post == pytest.approx(1 / 3)


def test_measures_are_means_over_the_queries() -> None:
    assert compared(0.0, cat="p1 p2", dog="p3").text_only["ndcg@10"].value == pytest.approx(
        (HALF + 1) / 2
    )


def test_a_relevant_post_that_is_nowhere_is_never_found() -> None:
    assert compared(0.0, cat="p1 p2 gone").as_it_is.both["recall@100"].value == pytest.approx(2 / 3)


def noisy(posts: int) -> list[Document]:
    """Each post has its own word as a weak keyphrase, and that of the next as a weaker one.

    The false one is ranked above the right one: of those that score alike the first by id is first.
    """
    names = [f"word{number:02}" for number in range(posts)]
    return [
        document(
            name,
            "nothing",
            keyphrases=phrases(**{name: 0.19, names[(number + 1) % posts]: 0.15, "junk": 0.1}),
        )
        for number, name in enumerate(names)
    ]


def recommended(documents: list[Document], *thresholds: float) -> float:
    asked = judgements(**{one.id: one.id for one in documents})
    return compare(documents, asked, thresholds, seed=0, progress=quiet).recommended.threshold


def test_the_recommended_threshold_is_the_lowest_that_is_as_good_as_the_best() -> None:
    """Above 0.15 the false keyphrases are gone, above 0.19 the right ones too."""
    documents = noisy(20)
    assert recommended(documents, 0.0, 0.05, 0.12, 0.16, 0.18, 0.3) == 0.16
    assert recommended(documents, 0.0, 0.05, 0.12) == 0.0


def test_a_threshold_that_is_better_by_chance_alone_is_not_recommended() -> None:
    found = compared(0.0, 0.3, cat="p1 p2", dog="p3")
    first, second = found.thresholds
    ahead = {"ndcg@10": Score(0.01, (-0.01, 0.03))}
    assert (
        replace(found, thresholds=[replace(first, behind_best=ahead), second]).recommended.threshold
        == 0
    )
    ahead = {"ndcg@10": Score(0.02, (0.001, 0.03))}
    assert (
        replace(found, thresholds=[replace(first, behind_best=ahead), second]).recommended.threshold
        == 0.3
    )


def test_progress_counts_searches_to_their_end() -> None:
    told: list[tuple[int, int | None]] = []
    compare(
        DOCUMENTS,
        judgements(cat="p1", dog="p3"),
        (0.0, 0.5),
        seed=0,
        progress=lambda _, done, total: told.append((done, total)),
    )
    assert told == [(done, 10) for done in range(1, 11)]
