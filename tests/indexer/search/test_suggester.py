"""Suggestions while a person types."""

from __future__ import annotations

import random
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


def _one_typo_at_most(typed: str, meant: str) -> bool:
    """Is one made of the other by at most one letter more, less, other, or swapped?"""
    changed = {typed}
    for at in range(len(typed) + 1):
        before, behind = typed[:at], typed[at:]
        changed.add(before + behind[1:])
        changed.add(before + behind[1:2] + behind[:1] + behind[2:])
        if at < len(meant):
            changed.add(before + meant[at] + behind[1:])
            changed.add(before + meant[at] + behind)
    return meant in changed


def _literally(vocabulary: list[ScoredPhrase], typed: str, limit: int) -> list[str]:
    """What the suggester's docstring says, phrase by phrase; without accents and capitals."""
    weights: dict[str, int] = {}
    for each in vocabulary:
        worth = each.posts * (round(each.score * 100) + 1)
        weights[each.phrase] = weights.get(each.phrase, 0) + worth
    typed = " ".join(typed.split()) + (" " if typed.strip() and typed[-1] == " " else "")
    by_weight = sorted(weights, key=lambda phrase: (weights[phrase], phrase), reverse=True)

    def begins(phrase: str, beginning: str, typos: int = 0) -> bool:
        words = phrase.split(" ")
        starts = [" ".join(words[at:]) for at in range(len(words))]
        lengths = range(max(0, len(beginning) - typos), len(beginning) + typos + 1)
        return any(
            _one_typo_at_most(beginning, start[:length]) if typos else start.startswith(beginning)
            for start in starts
            for length in lengths
        )

    exact = [phrase for phrase in by_weight if typed and begins(phrase, typed)]
    nearly = [
        phrase
        for phrase in by_weight
        if len(typed) >= 4 and begins(phrase, typed, 1) and not begins(phrase, typed[:-1])
    ]
    return (exact[:limit] + nearly)[:limit]


def test_suggestions_are_those_of_a_literal_version() -> None:
    chance = random.Random(7)

    def text(letters: str, most: int) -> str:
        return "".join(chance.choices(letters, k=chance.randint(1, most)))

    vocabulary = [
        ScoredPhrase(
            " ".join(text("abcd", 5) for _ in range(chance.randint(1, 3))),
            chance.choice([0.0, 0.1, 0.9]),
            chance.randint(1, 3),
        )
        for _ in range(700)
    ]
    suggester = Suggester(vocabulary)
    for _ in range(300):
        typed, limit = text("abcde ", 8), chance.choice([1, 8, 40])
        assert suggester.suggest(typed, limit) == _literally(vocabulary, typed, limit), typed


def test_a_last_letter_typed_twice_reads_only_what_is_nearly_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    suggester = Suggester([ScoredPhrase(f"cat {number}", 0.5, 1) for number in range(3_000)])
    folded = []
    monkeypatch.setattr(
        "indexer.search.suggester._begins", lambda phrase, _: bool(folded.append(phrase))
    )
    assert suggester.suggest("catt", 8) == []
    assert folded == []


def test_the_heaviest_of_many_thousands_come_first() -> None:
    """So many that their beginnings lie in many blocks."""
    vocabulary = [
        ScoredPhrase(f"a{number % 7} a{number:05}", 0.5, 1 + number * 7919 % 20_011)
        for number in range(20_000)
    ]
    suggester = Suggester(vocabulary)
    by_weight = sorted(vocabulary, key=lambda each: (each.posts, each.phrase), reverse=True)
    for typed in ("a", "a0", "a3 ", "a01", "a3 a1"):
        wanted = [each.phrase for each in by_weight if f" {typed}" in f" {each.phrase}"]
        for limit in (1, 10, 300):
            assert suggester.suggest(typed, limit)[: len(wanted)] == wanted[:limit]
