"""What queries find: conditions, order, pages and misspelt words; the same in both engines."""

from __future__ import annotations

from datetime import timedelta

import pytest

from indexer.index.condition import (
    Condition,
    Either,
    Every,
    HasId,
    HasKeyphrase,
    HasPicture,
    HasWords,
    Not,
)
from indexer.index.protocol import Index
from indexer.index.query import Place, Query, Within
from indexer.index.records import Document
from posts.phrases import Keyphrase
from tests.indexer.index.samples import BUILD, SPRING, document

BOAT, CAT = HasKeyphrase("red boat"), HasKeyphrase("cat")

POSTS = [
    document(
        "a",
        "the old red boat sails",
        created_at=SPRING,
        has_picture=True,
        keyphrases=(Keyphrase("red boat", 0.9), Keyphrase("sea", 0.29)),
    ),
    document(
        "b",
        "a boat, red and new",
        created_at=SPRING + timedelta(days=1),
        has_picture=False,
        keyphrases=(Keyphrase("boat", 0.6), Keyphrase("red boat", 0.1)),
    ),
    document(
        "c",
        "cats sleep",
        created_at=None,
        has_picture=True,
        keyphrases=(Keyphrase("cat", 0.57), Keyphrase("red", 0.5), Keyphrase("boat trip", 0.4)),
    ),
    document(
        "d", "nothing", created_at=SPRING + timedelta(days=1), has_picture=False, keyphrases=()
    ),
]


def fill(index: Index, posts: list[Document]) -> Index:
    index.begin(BUILD)
    assert index.write(posts) == {}
    index.refresh()
    return index


@pytest.fixture(scope="module")
def filled(shared_index: Index) -> Index:
    return fill(shared_index, POSTS)


def ids(index: Index, query: Query) -> str:
    results = index.reader.search(query)
    assert results.total == len(results.hits)
    return "".join(hit.id for hit in results.hits)


@pytest.mark.parametrize(
    ("where", "wanted"),
    [
        (BOAT, "ab"),
        (HasKeyphrase(" RED  Boat"), "ab"),
        (HasKeyphrase("red"), "c"),
        (HasKeyphrase("unheard of"), ""),
        (HasWords("red boat"), "ab"),
        (HasWords("Old, RED boats"), "a"),
        (HasWords("boat red"), "b"),
        (HasWords("red boat trip"), ""),
        (HasWords("sleep"), "c"),
        (HasWords("?!"), ""),
        (HasPicture(), "ac"),
        (Not(HasPicture()), "bd"),
        (Not(BOAT), "cd"),
        (Not(Not(BOAT)), "ab"),
        (Either((CAT, BOAT)), "abc"),
        (Every((BOAT, HasPicture())), "a"),
        (Every((BOAT, CAT)), ""),
        (Every((Not(BOAT), Either((CAT, HasWords("nothing"))))), "cd"),
        (Every(()), "abcd"),
        (Either(()), ""),
        (Not(Every(())), ""),
    ],
)
def test_conditions_decide(filled: Index, where: Condition, wanted: str) -> None:
    assert sorted(ids(filled, Query(where=where))) == sorted(wanted)


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        (Query(since=SPRING + timedelta(days=1)), "bd"),
        (Query(until=SPRING + timedelta(days=1)), "a"),
        (Query(since=SPRING, until=SPRING + timedelta(days=2)), "abd"),
        (Query(since=SPRING, until=SPRING), ""),
        (Query(least_score=0.0), "abc"),
        (Query(least_score=0.57), "abc"),
        (Query(least_score=0.58), "ab"),
        (Query(least_score=0.29, where=HasKeyphrase("sea")), "a"),
        (Query(least_score=0.3, where=HasKeyphrase("sea")), ""),
        (Query(least_score=0.5, where=BOAT), "a"),
        (Query(least_score=0.5, where=Not(BOAT)), "bc"),
        (Query(least_score=1.0), ""),
        (Query(words="trip"), "c"),
        (Query(words="trip", least_score=0.5), ""),
        (Query(words="sea", least_score=0.2), "a"),
        (Query(words="cat", within=Within.TEXT), "c"),
        (Query(words="sea", within=Within.TEXT), ""),
        (Query(words="sleep", within=Within.KEYPHRASES), ""),
        (Query(words="sea", within=Within.KEYPHRASES), "a"),
        (Query(where=HasWords("red boat"), within=Within.TEXT), "a"),
        (Query(where=HasWords("old red"), within=Within.KEYPHRASES), ""),
    ],
)
def test_dates_and_scores_decide(filled: Index, query: Query, wanted: str) -> None:
    assert ids(filled, query) == wanted


def test_hundreds_of_posts_are_found_by_their_ids(index: Index) -> None:
    posts = [document(f"{number:03}") for number in range(501)]
    fill(index, posts)
    wanted = [post.id for post in posts[1:]]
    query = Query(where=Either(tuple(map(HasId, [*wanted, "unheard of"]))), limit=600)
    assert [hit.id for hit in index.reader.search(query).hits] == wanted


def test_words_of_conditions_weigh_too(filled: Index) -> None:
    either = Either((HasWords("sleep"), HasWords("boat")))
    (first, *_) = filled.reader.search(Query(where=either)).hits
    assert first.score > 0
    assert "<mark>" in first.highlight


def test_the_newest_come_first_and_those_without_a_date_last(filled: Index) -> None:
    assert ids(filled, Query(newest_first=True)) == "bdac"
    assert ids(filled, Query(words="red boat", newest_first=True)) == "bac"


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("words", ["", "word"])
def test_pages_go_on_where_the_last_one_ended(index: Index, words: str, newest_first: bool) -> None:
    """Many posts are alike in score and in date, and are told apart by their ids."""
    posts = [
        document(
            f"{number:02}",
            "word " * (1 + number % 3),
            created_at=None if number % 4 == 3 else SPRING + timedelta(days=number % 4),
            keyphrases=(),
        )
        for number in range(37)
    ]
    fill(index, posts)
    query = Query(words=words, newest_first=newest_first, limit=1_000)
    all_at_once = index.reader.search(query)
    assert all_at_once.next is None
    assert len(all_at_once.hits) == 37
    for limit in (1, 5, 36, 37):
        paged: list[str] = []
        after: Place | None = None
        while True:
            page = index.reader.search(
                Query(words=words, newest_first=newest_first, limit=limit, after=after)
            )
            assert page.total == 37
            paged += [hit.id for hit in page.hits]
            after = page.next
            if after is None:
                break
            assert after.position == len(paged)
        assert paged == [hit.id for hit in all_at_once.hits]


def test_a_page_is_found_though_posts_have_come_before_it(index: Index) -> None:
    fill(index, POSTS)
    first = index.reader.search(Query(limit=2))
    assert first.next is not None
    index.write([document(f"a{number}", "a new one") for number in range(9)])
    index.refresh()
    rest = index.reader.search(Query(after=first.next, limit=10))
    assert [hit.id for hit in rest.hits] == ["c", "d"]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("sials", "a"),
        ("sail", "a"),
        ("saxls boat", "a"),
        ("sleeep", "c"),
        ("nohting", "d"),
        ("bot", ""),
        ("xyzzy", ""),
        ("bloat", "abc"),
    ],
)
def test_a_word_that_no_post_has_stands_for_those_spelled_alike(
    filled: Index, words: str, wanted: str
) -> None:
    assert sorted(ids(filled, Query(words=words))) == sorted(wanted)
    for hit in filled.reader.search(Query(words=words)).hits:
        assert "<mark>" in hit.highlight or hit.id == "c"


def test_a_word_that_posts_have_stands_for_itself_alone(index: Index) -> None:
    fill(index, [document("one", "a house"), document("other", "a horse")])
    assert ids(index, Query(words="house")) == "one"


def test_a_long_word_may_have_two_slips(index: Index) -> None:
    fill(index, [document("one", "an encyclopedia of birds")])
    assert ids(index, Query(words="enciclopedia")) == "one"
    assert ids(index, Query(words="encciclopedia")) == "one"
    assert ids(index, Query(words="enkkiclopedia")) == ""
