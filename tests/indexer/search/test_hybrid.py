"""Vectors and words in one ranking, over both engines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from indexer.index.condition import HasPicture
from indexer.index.protocol import Index
from indexer.index.query import AlignmentCount, Query, Results
from indexer.index.vectors import Modality
from indexer.search.alignments import alignments
from indexer.search.hybrid import hybrid_search
from tests.indexer.index.conftest import ENGINES, begun_index
from tests.indexer.index.samples import SPRING, phrases
from tests.indexer.index.test_vectors import WITH_VECTORS, placed, towards

POSTS = [
    placed("a", 0, 0, alignment=0.95, keyphrases=phrases(cat=0.9)),
    placed("b", 10, 30, alignment=0.5, text="a red boat", keyphrases=phrases(boat=0.9)),
    placed("c", 40, None, text="boats and boats", created_at=None),
    placed("d", None, 80, text="sea", keyphrases=phrases(cat=0.2)),
]


@pytest.fixture(scope="module", params=ENGINES)
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Index]:
    with begun_index(request, tmp_path_factory, WITH_VECTORS) as index:
        assert index.write(POSTS) == {}
        index.refresh()
        yield index


def ask(index: Index, degrees: float = 0, of: Modality = Modality.TEXT, **query: Any) -> Results:
    return hybrid_search(index.reader, Query(**query), towards(degrees), of)[0]


def ids(results: Results) -> list[str]:
    return [hit.id for hit in results.hits]


def test_a_vector_alone_finds_the_nearest_texts_and_pictures(filled: Index) -> None:
    found = ask(filled)
    assert ids(found) == ["a", "b", "c", "d"]
    assert found.hits[0].score == pytest.approx(2 / 61)
    assert found.hits[1].score == pytest.approx(2 / 62)
    # Third in one ranking each.
    assert found.hits[2].score == found.hits[3].score == pytest.approx(1 / 63)
    assert (found.total, found.next) == (4, None)


def test_a_picture_is_compared_with_pictures_and_with_texts_of_posts_without(
    filled: Index,
) -> None:
    # Between d's picture (80) and b's (30); of the texts c's (40) is nearest, of a post without.
    found = ask(filled, 70, Modality.PICTURE)
    assert ids(found) == ["c", "d", "b", "a"]
    assert found.hits[0].score == found.hits[1].score == pytest.approx(1 / 61)
    assert ids(ask(filled, 70, Modality.PICTURE, where=HasPicture())) == ["d", "b", "a"]
    # b's text is nearest to 10, and says nothing beside a's picture.
    assert ids(ask(filled, 10, Modality.PICTURE, where=HasPicture())) == ["a", "b", "d"]


def test_words_lift_those_that_have_them_and_leave_none_out(filled: Index) -> None:
    found = ask(filled, words="boat")
    assert ids(found) == ["b", "c", "a", "d"]
    assert found.hits[0].highlight == "a red <mark>boat</mark>"
    assert "<mark>" in ask(filled, words="boqt").hits[0].highlight


def test_words_weigh_more_than_their_meaning_and_as_much_as_a_picture(filled: Index) -> None:
    # d is the only one with the word, and the last by its vector, of a picture: 80 away.
    by_meaning = ask(filled, words="sea")
    assert ids(by_meaning) == ["d", "a", "b", "c"]
    assert by_meaning.hits[0].score == pytest.approx(10 / 61 + 1 / 63)
    by_picture = ask(filled, 0, Modality.PICTURE, words="sea")
    assert ids(by_picture) == ["d", "a", "c", "b"]
    assert by_picture.hits[0].score == pytest.approx(1 / 61 + 1 / 63)


def test_conditions_hold_for_all_that_is_found(filled: Index) -> None:
    assert ids(ask(filled, words="boat", where=HasPicture())) == ["b", "a", "d"]
    assert ids(ask(filled, since=SPRING, least_score=0.5)) == ["a", "b"]


def test_pages_go_through_all_that_is_found_once(filled: Index) -> None:
    seen: list[str] = []
    after = None
    while True:
        page = ask(filled, words="boat", limit=1, after=after)
        assert page.total == 4
        seen += ids(page)
        after = page.next
        if after is None:
            break
    assert seen == ["b", "c", "a", "d"]


def test_what_is_found_can_be_sorted_by_date_and_is_counted(filled: Index) -> None:
    found, query = hybrid_search(
        filled.reader, Query(newest_first=True, facets=True, days=True), towards(0), Modality.TEXT
    )
    assert ids(found) == ["a", "b", "d", "c"]
    assert {facet.phrase: facet.count for facet in found.facets} == {"cat": 2, "boat": 1}
    assert [day.count for day in found.days] == [3]
    assert [each.count for each in alignments(filled.reader, query)] == [0, 0, 1, 0, 1]
    assert ids(ask(filled, limit=0, facets=True)) == []


def test_posts_are_counted_by_how_well_their_picture_fits(filled: Index) -> None:
    assert alignments(filled.reader, Query(words="boat"))[2] == AlignmentCount(0.4, 0.6, 1)
    assert alignments(filled.reader, Query(words="sea")) == ()
