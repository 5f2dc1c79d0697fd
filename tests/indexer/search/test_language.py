"""What people type, as conditions and words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.index.condition import (
    Condition,
    Either,
    Every,
    HasKeyphrase,
    HasPicture,
    HasWords,
    IsAligned,
    Not,
)
from indexer.index.query import Within
from indexer.search.language import LONGEST_QUERY, Parsed, parse
from indexer.search.query_error import QueryError
from indexer.search.tokens import as_words

CAT, DOG = HasKeyphrase("cat"), HasKeyphrase("dog")


@pytest.mark.parametrize(
    ("query", "words", "where"),
    [
        ("", "", None),
        ("red  boat", "red boat", None),
        ('"red boat"', "", HasWords("red boat")),
        ("“red boat” trip", "trip", HasWords("red boat")),
        ("boat -trip", "boat", Not(HasWords("trip"))),
        ("boat NOT trip", "boat", Not(HasWords("trip"))),
        ("boat - trip", "boat - trip", None),
        ("well-known", "well-known", None),
        ("key:cat", "", CAT),
        ('KEY:"cat"', "", CAT),
        ("key:cat key:dog walk", "walk", Every((CAT, DOG))),
        ("key:cat OR key:dog", "", Either((CAT, DOG))),
        ("(key:cat OR key:dog) walk", "walk", Either((CAT, DOG))),
        ("-(key:cat key:dog)", "", Not(Every((CAT, DOG)))),
        ("--key:cat", "", Not(Not(CAT))),
        ("cat OR dog", "", Either((HasWords("cat"), HasWords("dog")))),
        ("cat AND dog", "", Every((HasWords("cat"), HasWords("dog")))),
        ("a cat AND dog", "a", Every((HasWords("cat"), HasWords("dog")))),
        ("has:picture -has:picture", "", Every((HasPicture(), Not(HasPicture())))),
        ("aligned:0.5 -aligned:.8", "", Every((IsAligned(0.5), Not(IsAligned(0.8))))),
        ("or and not", "or and not", None),
        ("key:OR", "", HasKeyphrase("OR")),
        ("key:-1", "", HasKeyphrase("-1")),
        ("http://example.org at 10:30", "http://example.org at 10:30", None),
        ("C++ *:* a~2 /x/ {!b}", "C++ *:* a~2 /x/ {!b}", None),
    ],
)
def test_a_query_is_read(query: str, words: str, where: Condition | None) -> None:
    parsed = parse(query)
    assert (parsed.words, parsed.where) == (words, where)


def test_what_is_about_the_whole_query_is_apart() -> None:
    parsed = parse("since:2026-01-02 until:2026-01-03 score:.5 in:text sort:date boat")
    assert parsed == Parsed(
        words="boat",
        since=datetime(2026, 1, 2, tzinfo=UTC),
        until=datetime(2026, 1, 4, tzinfo=UTC),
        score=0.5,
        within=Within.TEXT,
        newest_first=True,
    )
    assert parse("until:2026-01-03T12:00 sort:relevance") == Parsed(
        until=datetime(2026, 1, 3, 12, tzinfo=UTC), newest_first=False
    )


@pytest.mark.parametrize(
    ("query", "problem", "place"),
    [
        ('say "red boat', "no second one", '"'),
        ('say ""', "nothing between", '""'),
        ("(key:cat", "never closed", "("),
        ("key:cat)", "never opened", ")"),
        ("()", "nothing in these brackets", "("),
        ("cat OR", "both sides", "OR"),
        ("OR cat", "both sides", "OR"),
        ("(cat OR)", "both sides", "OR"),
        ("cat AND AND dog", "both sides", "AND"),
        ("cat AND", "both sides", "AND"),
        ("cat NOT", "NOT needs something", "NOT"),
        ("-OR", "NOT needs something", "-"),
        ("key: cat", "key: wants a keyphrase", "key:"),
        ('key:" "', "key: wants a keyphrase", '" "'),
        ("since:yesterday", "since: wants a date", "yesterday"),
        ("score:2", "from 0 to 1", "2"),
        ("score:nan", "from 0 to 1", "nan"),
        ("aligned:well", "from 0 to 1", "well"),
        ("has:fun", "has:picture", "fun"),
        ("sort:size", "sort:date", "size"),
        ("in:title", "in:text", "title"),
        ("-since:2026-01-01", "whole query", "since:"),
        ("(a OR until:2026-01-01)", "whole query", "until:"),
        ("sinse:2026-01-01", "did you mean since:", "sinse:2026-01-01"),
        ("(" * 30 + "a" + ")" * 30, "at most 12 deep", "("),
        ("a " * 200, "at most 128 parts", "a"),
    ],
)
def test_an_error_says_what_and_where(query: str, problem: str, place: str) -> None:
    with pytest.raises(QueryError, match=problem) as caught:
        parse(query)
    assert query[caught.value.start : caught.value.end] == place
    assert f"»{place}«" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_query_that_is_too_long_is_refused() -> None:
    assert parse("x" * LONGEST_QUERY).words
    with pytest.raises(QueryError, match="at most 4,000 characters"):
        parse("x" * (LONGEST_QUERY + 1))


_PIECES = ["(", ")", '"', "-", " ", "OR", "AND", "NOT", "key:", "since:", "a", "*", "\\", "猫", ":"]


@settings(max_examples=10_000, deadline=None)
@given(st.text(max_size=40) | st.lists(st.sampled_from(_PIECES), max_size=15).map("".join))
def test_any_string_is_read_or_refused_at_a_place(query: str) -> None:
    try:
        read = parse(query).words.split()
    except QueryError as error:
        read = [query[error.start : error.end]]
    assert all(words in query for words in read)
    assert "" not in read


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("red boat", "red boat"),
        ('--a "b" (c) OR key:d -', "a b c or key d"),
        ("sinse:x", "sinse x"),
    ],
)
def test_the_words_of_a_text_are_asked_for_as_words(text: str, query: str) -> None:
    assert as_words(text) == query
    assert parse(query) == Parsed(words=query)


@given(st.text(max_size=40) | st.lists(st.sampled_from(_PIECES), max_size=15).map("".join))
def test_the_words_of_any_text_are_a_query_without_conditions(text: str) -> None:
    assert parse(as_words(text)) == Parsed(words=" ".join(as_words(text).split()))


def test_of_two_dates_or_scores_both_hold() -> None:
    """As where the page has chosen one and a person types another."""
    parsed = parse("until:2026-03-31 cat until:2026-12-31 since:2026-03-01 since:2026-01-01")
    assert parsed.until == datetime(2026, 4, 1, tzinfo=UTC)
    assert parsed.since == datetime(2026, 3, 1, tzinfo=UTC)
    assert parse("score:0.8 score:0.5").score == 0.8
    assert parse("score:0").score == 0


@pytest.mark.parametrize(
    ("written", "until"),
    [("2026-W47", (2026, 11, 23)), ("2026W47", (2026, 11, 23)), ("2026-W47-1", (2026, 11, 17))],
)
def test_a_week_lasts_until_its_end(written: str, until: tuple[int, int, int]) -> None:
    assert parse(f"until:{written}").until == datetime(*until, tzinfo=UTC)
