"""What a reader tells beside hits, in both engines: posts, counts, days and the vocabulary."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from indexer.index.condition import HasId, Not
from indexer.index.location import open_index
from indexer.index.protocol import Index
from indexer.index.query import DayCount, Query
from indexer.index.reader import ScoredPhrase
from posts.errors import InputError
from tests.indexer.index.samples import BUILD, SPRING, document, phrases
from tests.indexer.index.test_queries import POSTS, fill


@pytest.fixture(scope="module")
def filled(shared_index: Index) -> Index:
    return fill(shared_index, POSTS)


def test_a_post_is_given_whole_by_its_id(index: Index) -> None:
    id = 'a/b "c" d\n:é'
    posts = [
        document(
            id,
            "the text",
            image_uri="pictures/a.jpg",
            has_picture=True,
            extra={"author": "Ann"},
            keyphrases=phrases(cat=0.5),
        ),
        document("other"),
    ]
    post = fill(index, posts).reader.post(id)
    assert post is not None
    assert (post.id, post.text, post.image_uri) == (id, "the text", "pictures/a.jpg")
    assert (post.has_picture, post.created_at, post.extra) == (True, SPRING, {"author": "Ann"})
    assert post.keyphrases == phrases(cat=0.5)
    assert index.reader.post("nobody") is None
    assert index.reader.post("x" * 600) is None


def test_posts_are_counted_by_keyphrases_and_by_words(filled: Index) -> None:
    reader = filled.reader
    assert reader.posts_with_phrases(["red boat", "boat", "red", "no"]) == {
        "red boat": 2,
        "boat": 1,
        "red": 1,
        "no": 0,
    }
    assert reader.posts_with_words(["boat", "sail", "cat", "unheard"]) == {
        "boat": 3,
        "sail": 1,
        "cat": 1,
        "unheard": 0,
    }
    assert reader.posts_with_phrases([]) == {}
    assert reader.posts_with_words([]) == {}


def test_counts_follow_what_is_removed(index: Index) -> None:
    fill(index, POSTS).remove(["a"])
    index.refresh()
    assert index.reader.posts_with_phrases(["red boat", "sea"]) == {"red boat": 1, "sea": 0}


def test_the_vocabulary_has_every_keyphrase_with_each_of_its_scores(index: Index) -> None:
    posts = [
        document("a", keyphrases=phrases(red_boat=0.904, sea=0.0)),
        document("b", keyphrases=phrases(red_boat=0.9)),
        document("c", keyphrases=phrases(red_boat=1.0)),
    ]
    assert set(fill(index, posts).reader.vocabulary()) == {
        ScoredPhrase("red boat", 0.9, 2),
        ScoredPhrase("red boat", 1.0, 1),
        ScoredPhrase("sea", 0.0, 1),
    }


def test_a_vocabulary_of_more_than_one_page_is_told_whole(index: Index) -> None:
    posts = [
        document(f"{number}", keyphrases=phrases(**{f"phrase_{number}_{n}": 0.5 for n in range(6)}))
        for number in range(2_000)
    ]
    assert len(set(fill(index, posts).reader.vocabulary())) == 12_000


def test_posts_are_counted_by_their_days_in_utc(index: Index) -> None:
    moments = [
        datetime(1969, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC),
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(2026, 3, 29, 23, 59, tzinfo=UTC),
        datetime(2026, 3, 29, 0, 0, tzinfo=UTC),
        datetime(1899, 12, 31, 23, tzinfo=UTC),
        datetime(2077, 1, 1, tzinfo=UTC),
        None,
    ]
    posts = [
        document(str(number), created_at=moment, text="word" if moment else "none")
        for number, moment in enumerate(moments)
    ]
    reader = fill(index, posts).reader
    assert reader.search(Query(days=True, limit=0)).days == (
        DayCount(date(1969, 12, 31), 1),
        DayCount(date(1970, 1, 1), 1),
        DayCount(date(2026, 3, 29), 2),
    )
    assert reader.search(Query(words="none", days=True)).days == ()
    assert reader.search(Query()).days == ()


def test_one_post_is_left_out_by_its_id(filled: Index) -> None:
    found = filled.reader.search(Query(words="boat", where=Not(HasId("a")))).hits
    assert {hit.id for hit in found} == {"b", "c"}
    (only,) = filled.reader.search(Query(where=HasId("a"))).hits
    assert only.id == "a"


def test_how_many_of_the_words_must_be_there_can_be_told(filled: Index) -> None:
    words = "old boat cats nothing"
    assert filled.reader.search(Query(words=words)).total == 0
    assert filled.reader.search(Query(words=words, enough_words=2)).total == 2
    assert filled.reader.search(Query(words=words, enough_words=1)).total == 4


def test_a_reader_of_no_index_says_so(location: str) -> None:
    reader = open_index(location).reader
    for ask in (
        lambda: reader.post("a"),
        lambda: reader.posts_with_phrases(["a"]),
        lambda: reader.posts_with_words(["a"]),
        lambda: list(reader.vocabulary()),
    ):
        with pytest.raises(InputError, match="there is no index"):
            ask()


def test_a_reader_reads_the_live_version_while_another_is_built(index: Index) -> None:
    fill(index, POSTS)
    rebuilt = open_index(index.location)
    rebuilt.begin(BUILD, rebuild=True)
    assert rebuilt.write([document("new", "a new boat")]) == {}
    assert {hit.id for hit in rebuilt.reader.search(Query(words="boat")).hits} == {"a", "b", "c"}
    rebuilt.promote()
    assert {hit.id for hit in index.reader.search(Query(words="boat")).hits} == {"new"}
    rebuilt.close()
