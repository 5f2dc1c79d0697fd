"""Queries from what people ask, and answers as JSON."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from indexer.index.query import Facet, Hit, Results
from indexer.search.answer import answer_of, hit_answer, query_of
from indexer.search.dates import parse_since
from posts.errors import InputError
from posts.phrases import Keyphrase


def test_an_answer_has_the_shape_of_the_contract() -> None:
    hit = Hit(
        id="p1",
        score=1.5,
        text="a cat",
        keyphrases=(Keyphrase("red cat", 0.5),),
        highlight="a <mark>cat</mark>",
    )
    results = Results(total=7, took_ms=1.23456, hits=(hit,), facets=(Facet("red cat", 7),))
    assert answer_of(results) == {
        "total": 7,
        "took_ms": 1.235,
        "hits": [
            {
                "id": "p1",
                "score": 1.5,
                "text": "a cat",
                "keyphrases": [{"phrase": "red cat", "score": 0.5}],
                "highlight": "a <mark>cat</mark>",
                "created_at": None,
                "has_picture": False,
            }
        ],
        "facets": {"keyphrases": [{"phrase": "red cat", "count": 7}]},
    }


def test_only_a_hit_with_a_summary_tells_one() -> None:
    hit = Hit(id="p1", score=1.0, text="a cat", keyphrases=(), highlight="", summary="A cat.")
    assert hit_answer(hit)["summary"] == "A cat."


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-21", datetime(2026, 11, 21, tzinfo=UTC)),
        ("2026-11-21T18:30", datetime(2026, 11, 21, 18, 30, tzinfo=UTC)),
        ("2026-11-21T18:30:00+01:00", datetime(2026, 11, 21, 17, 30, tzinfo=UTC)),
        (" 2026-11-21T18:30:00Z ", datetime(2026, 11, 21, 18, 30, tzinfo=UTC)),
    ],
)
def test_dates_are_iso_dates_in_utc(text: str, moment: datetime) -> None:
    assert parse_since(text) == moment


@pytest.mark.parametrize("text", ["", "yesterday", "21.11.2026", "2026-13-01", "0001-01-01T00+14"])
def test_anything_else_is_no_date(text: str) -> None:
    with pytest.raises(InputError, match="is not a date"):
        parse_since(text)


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(InputError, match="limit"):
        query_of("cat", limit=-1)
    with pytest.raises(InputError, match="limit"):
        query_of("cat", limit=100_000)
    with pytest.raises(InputError, match="phrase"):
        query_of("cat", phrases=["  "])
