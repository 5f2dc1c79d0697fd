"""Suggestions while a person types."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.index.reader import ScoredPhrase
from indexer.search.suggester import Suggester

VOCABULARY = [
    ScoredPhrase("red boat", 0.9, 10),
    ScoredPhrase("red boat", 0.1, 5),
    ScoredPhrase("red house", 0.9, 3),
    ScoredPhrase("redwood", 0.5, 100),
    ScoredPhrase("boat trip", 0.8, 2),
    ScoredPhrase("crème brûlée", 0.7, 1),
    ScoredPhrase("赤い船", 0.9, 4),
    ScoredPhrase("unsure", 0.0, 1),
]


@pytest.fixture(scope="module")
def suggester() -> Suggester:
    return Suggester(VOCABULARY)


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("r", ["redwood", "red boat", "red house"]),
        ("RED", ["redwood", "red boat", "red house"]),
        ("red ", ["red boat", "red house"]),
        ("  red   b", ["red boat"]),
        ("b", ["red boat", "boat trip", "crème brûlée"]),
        ("crem", ["crème brûlée"]),
        ("Crème B", ["crème brûlée"]),
        ("brulee", ["crème brûlée"]),
        ("船", ["赤い船"]),
        ("unsure", ["unsure"]),
        ("", []),
        ("   ", []),
        ("x", []),
        ("oat", []),
    ],
)
def test_keyphrases_with_a_word_that_begins_so_come_by_weight(
    suggester: Suggester, typed: str, wanted: list[str]
) -> None:
    assert suggester.suggest(typed, 10) == wanted


@pytest.mark.parametrize(
    "typed", ["raed", "rde bo", "red bpat", "red bat", "redboat", "ret boa", "red baot"]
)
def test_one_typo_is_forgiven_from_four_letters_on(suggester: Suggester, typed: str) -> None:
    assert "red boat" in suggester.suggest(typed, 10)


def test_two_typos_and_typos_in_short_words_are_not(suggester: Suggester) -> None:
    assert suggester.suggest("rad boet", 10) == []
    assert suggester.suggest("bxa", 10) == []


def test_what_begins_exactly_so_comes_before_what_is_heavier() -> None:
    suggester = Suggester([ScoredPhrase("cart", 0.1, 1), ScoredPhrase("curt", 1.0, 9)])
    assert suggester.suggest("cart", 10) == ["cart", "curt"]


def test_the_last_letter_does_not_stand_for_any_other() -> None:
    suggester = Suggester([ScoredPhrase("cart", 0.1, 1), ScoredPhrase("card", 1.0, 9)])
    assert suggester.suggest("cart", 10) == ["cart"]


def test_a_phrase_weighs_by_how_frequent_and_how_sure_it_is() -> None:
    often_unsure = [ScoredPhrase("cat often", 0.1, 20)]
    seldom_sure = [ScoredPhrase("cat sure", 0.9, 3)]
    assert Suggester(often_unsure + seldom_sure).suggest("c", 1) == ["cat sure"]


def test_no_more_are_given_than_asked_for(suggester: Suggester) -> None:
    assert suggester.suggest("r", 2) == ["redwood", "red boat"]
    assert suggester.suggest("r", 0) == []


def test_an_index_without_keyphrases_has_no_suggestions() -> None:
    assert Suggester([]).suggest("cat", 5) == []


@given(st.text(max_size=300))
def test_whatever_is_typed_gives_keyphrases(suggester: Suggester, typed: str) -> None:
    assert set(suggester.suggest(typed, 5)) <= {each.phrase for each in VOCABULARY}


@given(st.text(alphabet=string.ascii_lowercase + " ", min_size=1, max_size=12))
def test_what_is_suggested_first_begins_so_if_anything_does(
    suggester: Suggester, typed: str
) -> None:
    wanted = " ".join(typed.split()) + (" " if typed.strip() and typed[-1] == " " else "")
    exact = {
        each.phrase
        for each in VOCABULARY
        if wanted and any(f" {each.phrase}"[at:].startswith(f" {wanted}") for at in range(20))
    }
    assert set(suggester.suggest(typed, 8)[: len(exact)]) >= exact
