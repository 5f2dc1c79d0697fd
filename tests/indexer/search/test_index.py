"""Searching an index from Python."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.index.location import open_index
from indexer.search import Index
from indexer.search.index import Suggestion
from indexer.search.places import place_to_text
from indexer.search.query_error import QueryError
from posts.errors import InputError
from tests.indexer.index.samples import BUILD, document, phrases

POSTS = [
    document("a", "sails in the old harbour of the town", keyphrases=phrases(red_boat=0.9)),
    document("b", "sails far from the harbour", keyphrases=phrases(red_boat=0.3, boat_trip=0.5)),
    document("c", "a cat in the garden of the town", keyphrases=phrases(cat=0.8, garden=0.2)),
    document("d", "nothing at all", keyphrases=()),
]


@pytest.fixture
def location(tmp_path: Path) -> str:
    location = f"embedded:{tmp_path / 'index'}"
    written = open_index(location)
    written.begin(BUILD)
    written.write(POSTS)
    written.close()
    return location


@pytest.fixture
def index(location: str) -> Iterator[Index]:
    with Index(location) as index:
        yield index


def test_a_search_goes_from_page_to_page(index: Index) -> None:
    first = index.search("harbour", limit=1, facets=True, days=True)
    assert first.total == 2
    assert {facet.phrase: facet.count for facet in first.facets} == {"red boat": 2, "boat trip": 1}
    assert [each.count for each in first.days] == [2]
    assert first.next is not None
    second = index.search("harbour", limit=1, after=place_to_text(first.next))
    assert {first.hits[0].id, second.hits[0].id} == {"a", "b"}
    assert second.next is None


def test_what_is_wrong_with_a_query_is_told_with_its_place(index: Index) -> None:
    with pytest.raises(QueryError) as caught:
        index.search("cat (dog")
    assert (caught.value.start, caught.value.end) == (4, 5)


def test_an_index_that_is_not_there_is_told(tmp_path: Path) -> None:
    index = Index(f"embedded:{tmp_path / 'none'}")
    for ask in (index.search, lambda: index.suggest("a"), lambda: index.similar("a")):
        with pytest.raises(InputError, match="there is no index"):
            ask()


def test_suggestions_tell_how_many_posts_have_them_now(location: str, index: Index) -> None:
    assert index.suggest("bo") == [Suggestion("red boat", 2), Suggestion("boat trip", 1)]
    written = open_index(location)
    written.begin(BUILD)
    written.remove(["b"])
    written.close()
    # A keyphrase of no post any more, as after a takedown, is suggested no more.
    assert index.suggest("bo") == [Suggestion("red boat", 1)]


def test_suggestions_become_new_when_they_are_old(
    location: str, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert index.suggest("dog") == []
    written = open_index(location)
    written.begin(BUILD)
    written.write([document("e", keyphrases=phrases(dog=0.5))])
    written.close()
    assert index.suggest("dog") == []
    monkeypatch.setattr("indexer.search.fresh_suggester._FRESH_SECONDS", 0.0)
    # Made anew by a thread, while the old ones are still given.
    deadline = time.monotonic() + 60
    while not (found := index.suggest("dog")) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert found == [Suggestion("dog", 1)]


def test_many_threads_get_the_same_answers(index: Index) -> None:
    answers: list[tuple[int, list[Suggestion]]] = []

    def ask() -> None:
        for _ in range(20):
            answers.append((index.search("harbour").total, index.suggest("bo")))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 160
    assert all(answer == answers[0] for answer in answers)


def test_posts_like_one_share_its_telling_words(index: Index) -> None:
    found = index.similar("a")
    assert found is not None
    assert [hit.id for hit in found.hits] == ["b", "c"]


def test_a_post_like_no_other_has_no_similar_ones(index: Index) -> None:
    found = index.similar("d")
    assert found is not None
    assert (found.total, found.hits) == (0, ())


def test_of_no_post_there_are_none_like_it(index: Index) -> None:
    assert index.similar("nobody") is None
    assert index.post("nobody") is None


def test_related_keyphrases_are_those_of_the_hits(index: Index) -> None:
    (only,) = index.related("harbour")
    assert (only.phrase, only.count) == ("red boat", 2)
