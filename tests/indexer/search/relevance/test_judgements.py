"""Queries and relevant posts from the gold keyphrases of a dump."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.search.relevance.judgements import read_judgements
from posts.errors import InputError
from posts.post import Post
from tests.indexer.search.relevance.samples import POSTS, dump_of, judgements, quiet


def test_all_posts_with_a_gold_keyphrase_are_relevant_to_it_in_whatever_case(
    tmp_path: Path,
) -> None:
    found = read_judgements(dump_of(tmp_path), quiet)
    assert found.posts == ("p1", "p2", "p3")
    assert found.relevant == {
        "cat": frozenset({"p1", "p2"}),
        "sofa bed": frozenset({"p2"}),
        "dog": frozenset({"p3"}),
    }
    assert found.left_out == {}


def test_posts_without_gold_and_those_that_come_twice_are_not_judged(tmp_path: Path) -> None:
    posts = [
        *POSTS,
        Post(id="p1", text="again", keyphrases=("mouse",)),
        Post(id="p4", text="nobody labelled me"),
        Post(id="p5", text="nor me", keyphrases=(" ",)),
    ]
    found = read_judgements(dump_of(tmp_path, posts), quiet)
    assert found.posts == ("p1", "p2", "p3")
    assert "mouse" not in found.relevant
    assert found.left_out == {"duplicate id": 1, "no gold keyphrases": 2}


def test_a_keyphrase_without_words_is_no_query_for_it_would_find_all(tmp_path: Path) -> None:
    posts = [Post(id="p", text="a sign", keyphrases=("?!", "C++"))]
    found = read_judgements(dump_of(tmp_path, posts), quiet)
    assert list(found.relevant) == ["c++"]


@pytest.mark.parametrize(
    ("phrases", "why"),
    [(None, "1 no gold keyphrases"), (("?!",), "none of the gold keyphrases of .* has a word")],
)
def test_a_dump_without_gold_is_refused(
    tmp_path: Path, phrases: tuple[str, ...] | None, why: str
) -> None:
    dump = dump_of(tmp_path, [Post(id="p", text="a cat", keyphrases=phrases)])
    with pytest.raises(InputError, match=why):
        read_judgements(dump, quiet)


def test_few_queries_are_drawn_by_their_seed_and_judge_the_same_posts() -> None:
    many = judgements(**{f"q{number}": "p1" for number in range(50)})
    drawn = many.drawn(10, seed=1)
    assert len(drawn.relevant) == 10
    assert drawn == many.drawn(10, seed=1)
    assert drawn.relevant != many.drawn(10, seed=2).relevant
    assert drawn.relevant.items() <= many.relevant.items()
    assert drawn.posts == many.posts
    assert many.drawn(50, seed=1).relevant == many.relevant
