"""Related keyphrases, reckoned by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.index.condition import HasKeyphrase
from indexer.index.location import open_index
from indexer.index.query import Query
from indexer.index.reader import Reader
from indexer.search.related import related
from posts.phrases import Keyphrase
from tests.indexer.index.samples import BUILD, document

KEYPHRASES = [
    *(["boat", "sail", "photo"] for _ in range(4)),
    *(["boat", "photo"] for _ in range(4)),
    *(["boat", "harbour", "photo"] for _ in range(1)),
    *(["cat", "photo"] for _ in range(10)),
    ["cat", "sail"],
]


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    index = open_index(f"embedded:{tmp_path / 'index'}")
    index.begin(BUILD)
    index.write(
        [
            document(str(number), keyphrases=tuple(Keyphrase(each, 0.5) for each in phrases))
            for number, phrases in enumerate(KEYPHRASES)
        ]
    )
    return index.reader


def test_those_are_related_that_the_hits_have_more_often_than_others(reader: Reader) -> None:
    (sail, photo) = related(reader, Query(where=HasKeyphrase("boat")), 10)
    assert (sail.phrase, sail.count) == ("sail", 4)
    # 4 of 9 hits, and 5 of all 20 posts.
    assert sail.significance == pytest.approx((4 / 9 - 5 / 20) * (4 / 9) / (5 / 20))
    # All 9 hits, but 19 of all 20 posts as well.
    assert (photo.phrase, photo.count) == ("photo", 9)
    assert photo.significance == pytest.approx((1 - 19 / 20) * 1 / (19 / 20))


def test_what_the_query_names_is_not_related_to_it(reader: Reader) -> None:
    for query in (Query(words="boat"), Query(where=HasKeyphrase("boat"))):
        assert "boat" not in {each.phrase for each in related(reader, query, 10)}


def test_of_all_posts_nothing_is_significant(reader: Reader) -> None:
    assert related(reader, Query(), 10) == []


def test_of_no_posts_nothing_is_significant(reader: Reader) -> None:
    assert related(reader, Query(words="unheard"), 10) == []


def test_no_more_are_given_than_asked_for(reader: Reader) -> None:
    assert [each.phrase for each in related(reader, Query(words="boat"), 1)] == ["sail"]
