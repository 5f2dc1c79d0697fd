from __future__ import annotations

import pytest

from model_store.documents.merging import merge_keyphrases
from posts.phrases import Keyphrase


def test_parts_that_agree_raise_a_score() -> None:
    parts = [[Keyphrase("cat", 0.5), Keyphrase("dog", 0.6)], [Keyphrase("cat", 0.5)], []]
    merged = merge_keyphrases(parts, 10)
    assert [one.phrase for one in merged] == ["cat", "dog"]
    assert [one.score for one in merged] == pytest.approx([0.75, 0.6])


def test_phrases_of_one_stem_are_one_and_shown_as_the_best() -> None:
    merged = merge_keyphrases([[Keyphrase("cats", 0.2)], [Keyphrase("cat", 0.7)]], 10)
    assert [one.phrase for one in merged] == ["cat"]
    # Within a part they are one already, and do not count twice.
    (one,) = merge_keyphrases([[Keyphrase("cat", 0.5), Keyphrase("cats", 0.5)]], 10)
    assert one.score == pytest.approx(0.5)


def test_only_the_best_are_kept_and_ties_are_in_order() -> None:
    parts = [[Keyphrase("b", 0.5), Keyphrase("a", 0.5)], [Keyphrase("c", 0.5)]]
    assert [one.phrase for one in merge_keyphrases(parts, 2)] == ["b", "a"]
    assert merge_keyphrases([], 2) == []
