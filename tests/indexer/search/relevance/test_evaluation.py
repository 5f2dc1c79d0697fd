"""A dump and an index, to a report."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.index.location import open_index
from indexer.search.relevance.evaluation import evaluate_search
from posts.errors import InputError
from posts.post import Post
from tests.indexer.index.samples import document, phrases
from tests.indexer.search.relevance.samples import DOCUMENTS, POSTS, dump_of, index_of


def test_posts_are_counted_and_both_are_measured(tmp_path: Path) -> None:
    posts = [
        *POSTS,
        Post(id="new", text="a new cat", keyphrases=("cat",)),
        Post(id="bare", text="a cat"),
    ]
    with index_of(tmp_path) as index:
        report = evaluate_search(dump_of(tmp_path, posts), index, thresholds=[0.5, 0.5])
    assert (report.posts, report.missing, report.queries, report.phrases) == (4, 1, 3, 3)
    assert report.left_out == {"no gold keyphrases": 1}
    assert report.model == "cats@1"
    assert [one.threshold for one in report.comparison.thresholds] == [0, 0.5]
    # Of the queries cat, dog and sofa bed two thirds, one and one post are found.
    recall = report.comparison.as_it_is.both["recall@100"].value
    assert recall == pytest.approx((2 / 3 + 1 + 1) / 3)


def test_posts_that_nobody_judged_are_not_in_the_way(tmp_path: Path) -> None:
    """Whether they are about a cat, the dump does not say."""
    others = [
        document(f"a{number:03}", "cat cat cat", keyphrases=phrases(cat=1.0))
        for number in range(200)
    ]
    dump = dump_of(tmp_path, [*POSTS, Post(id="a000", text="cat cat cat")])
    with index_of(tmp_path / "alone") as index:
        alone = evaluate_search(dump, index)
    with index_of(tmp_path / "among", [*others, *DOCUMENTS]) as index:
        among = evaluate_search(dump, index)
    assert among.comparison == alone.comparison


def test_queries_are_drawn_from_all_gold_keyphrases(tmp_path: Path) -> None:
    with index_of(tmp_path) as index:
        report = evaluate_search(dump_of(tmp_path), index, queries=2, seed=3)
    assert (report.queries, report.phrases, report.seed) == (2, 3, 3)


def test_an_index_that_is_not_there_is_told_before_the_dump_is_read(tmp_path: Path) -> None:
    index = open_index(f"embedded:{tmp_path / 'none'}")
    with pytest.raises(InputError, match="there is no index at"):
        evaluate_search("no/such/dump", index)
    assert not (tmp_path / "none").exists()


def test_an_index_of_other_posts_is_refused(tmp_path: Path) -> None:
    dump = dump_of(tmp_path, [Post(id="elsewhere", text="a cat", keyphrases=("cat",))])
    with index_of(tmp_path) as index, pytest.raises(InputError, match="none of the 1 posts"):
        evaluate_search(dump, index)
