"""The account of a dump notices what is lost, there twice, or counted wrongly."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.index.location import open_index
from tests.faults.accounting import assert_accounted_for
from tests.faults.some_posts import SomePosts
from tests.indexer.index.samples import BUILD, document, letter

POSTS = SomePosts(
    folder=Path("dump"),
    texts={"p1": "a cat", "p2": "a dog"},
    reasons={"p3": "broken picture"},
)
SUMMARY = {"read": 3, "indexed": 1, "generated": 1, "updated": 0, "unchanged": 1, "dead": 1}


@pytest.fixture
def location(tmp_path: Path) -> str:
    """Of an index that holds what it has to hold."""
    return filled(tmp_path, {"p1": "a cat", "p2": "a dog"}, ["p3"])


def filled(folder: Path, texts: dict[str, str], letters: list[str]) -> str:
    index = open_index(f"embedded:{folder}/index")
    with index.lock("first"):
        index.begin(BUILD)
        index.write(
            [document(id, text) for id, text in texts.items()],
            letters=[letter(key) for key in letters],
        )
    index.close()
    return index.location


def test_an_account_that_is_right_passes(location: str) -> None:
    assert assert_accounted_for(POSTS, location, SUMMARY) == SUMMARY


@pytest.mark.parametrize(
    ("texts", "letters"),
    [
        ({"p1": "a cat"}, ["p3"]),
        ({"p1": "a cat", "p2": "a dog", "p3": "a cow"}, ["p3"]),
        ({"p1": "a cat", "p2": "another dog"}, ["p3"]),
        ({"p1": "a cat", "p2": "a dog"}, []),
        ({"p1": "a cat", "p2": "a dog"}, ["p2", "p3"]),
    ],
)
def test_a_post_that_is_lost_or_in_two_places_is_noticed(
    texts: dict[str, str], letters: list[str], tmp_path: Path
) -> None:
    location = filled(tmp_path, texts, letters)
    with pytest.raises(AssertionError):
        assert_accounted_for(POSTS, location, SUMMARY)


@pytest.mark.parametrize("wrong", [{"read": 4}, {"unchanged": 2}, {"generated": 0}, {"dead": 0}])
def test_counts_that_do_not_add_up_are_noticed(wrong: dict[str, int], location: str) -> None:
    with pytest.raises(AssertionError):
        assert_accounted_for(POSTS, location, SUMMARY | wrong)
