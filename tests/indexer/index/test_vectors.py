"""Vectors of posts: kept with their documents, and nearest ones found; the same in both engines."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from indexer.index.condition import Condition, Every, HasPicture, IsAligned, Not
from indexer.index.location import open_index
from indexer.index.protocol import Index
from indexer.index.query import Query
from indexer.index.records import Document
from indexer.index.vectors import Modality, Vectors
from posts.errors import Reason
from tests.indexer.index.conftest import ENGINES, begun_index
from tests.indexer.index.samples import BUILD, SPRING, document, letter, phrases, update

WITH_VECTORS = replace(BUILD, dimensions=2)
TEXT, PICTURE = Modality.TEXT, Modality.PICTURE


def towards(degrees: float) -> tuple[float, ...]:
    return math.cos(math.radians(degrees)), math.sin(math.radians(degrees))


def placed(id: str, degrees: float | None, picture: float | None, **changes: Any) -> Document:
    """A post whose vectors point at so many degrees."""
    vectors = Vectors(
        text=None if degrees is None else towards(degrees),
        picture=None if picture is None else towards(picture),
    )
    fields = {"text": f"text of {id}", "has_picture": picture is not None, **changes}
    return document(id, vectors=vectors, **fields)


POSTS = [
    placed("a", 0, 10, alignment=0.9, keyphrases=phrases(cat=0.9)),
    placed("b", 20, 90, alignment=0.29),
    placed("c", None, 40, created_at=None),
    placed("d", 180, None, keyphrases=phrases(cat=0.3)),
]


@pytest.fixture(scope="module", params=ENGINES)
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Index]:
    """Only read by the tests."""
    with begun_index(request, tmp_path_factory, WITH_VECTORS) as index:
        assert index.write(POSTS) == {}
        index.refresh()
        yield index


def near(
    index: Index, degrees: float, modality: Modality, count: int = 10, **query: Any
) -> list[str]:
    return index.reader.nearest(towards(degrees), modality, Query(**query), count)


def test_the_nearest_come_first_and_those_without_a_vector_never(filled: Index) -> None:
    assert filled.reader.dimensions() == 2
    assert near(filled, 5, TEXT) == ["a", "b", "d"]
    assert near(filled, 100, PICTURE) == ["b", "c", "a"]
    assert near(filled, 179, TEXT, count=1) == ["d"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"where": HasPicture()}, ["a", "b"]),
        ({"where": Not(HasPicture())}, ["d"]),
        ({"where": IsAligned(0.5)}, ["a"]),
        ({"where": Every((HasPicture(), Not(IsAligned(0.3))))}, ["b"]),
        ({"since": SPRING}, ["a", "b", "d"]),
        ({"until": SPRING}, []),
        ({"least_score": 0.5}, ["a"]),
    ],
)
def test_only_posts_that_meet_the_conditions_are_near(
    filled: Index, query: dict[str, Any], expected: list[str]
) -> None:
    assert near(filled, 0, TEXT, **query) == expected


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (IsAligned(0.9), {"a"}),
        (IsAligned(0.29), {"a", "b"}),
        (IsAligned(0.0), {"a", "b"}),
        (Not(IsAligned(0.3)), {"b", "c", "d"}),
    ],
)
def test_posts_are_filtered_by_how_well_picture_and_text_fit(
    filled: Index, where: Condition, expected: set[str]
) -> None:
    assert {hit.id for hit in filled.reader.search(Query(where=where)).hits} == expected


def test_a_hit_says_how_well_its_picture_fits(filled: Index) -> None:
    hits = {hit.id: hit for hit in filled.reader.search(Query()).hits}
    assert {id: hit.alignment for id, hit in hits.items()} == {
        "a": 0.9,
        "b": 0.29,
        "c": None,
        "d": None,
    }


def begun(location: str) -> Index:
    index = open_index(location)
    index.begin(WITH_VECTORS)
    return index


def test_a_post_moves_with_its_vectors_and_goes_with_them(location: str) -> None:
    with open_index(location).lock("first"):
        index = begun(location)
        index.write([placed("a", 0, 0), placed("b", 90, 90), placed("gone", 1, 1)])
        index.refresh()
        index.write([placed("a", 90, None), placed("new", 2, 2)], updates=[update("b", extra={})])
        index.remove(["gone"])
        index.refresh()
        assert near(index, 0, TEXT) == ["new", "a", "b"]
        assert near(index, 0, PICTURE) == ["new", "b"]
        index.close()


def test_an_index_of_before_there_were_vectors_is_searched_and_written(location: str) -> None:
    index = open_index(location)
    with index.lock("first"):
        index.begin(BUILD)
        index.write([document("a", "a cat")])
        # As after another release has begun to give them: those of one version are alike.
        index.begin(WITH_VECTORS)
        assert index.write([placed("b", 0, 0, alignment=0.5)]) == {}
        index.refresh()
        assert index.reader.dimensions() == 0
        assert [hit.id for hit in index.reader.search(Query()).hits] == ["a", "b"]
        assert index.reader.search(Query(where=IsAligned(0.0))).total in (0, 1)
        assert index.reader.search(Query(words="cat")).total == 1
    index.close()


def test_a_rebuild_may_bring_vectors_and_another_take_them(location: str) -> None:
    index = open_index(location)
    with index.lock("first"):
        index.begin(BUILD)
        index.write([document("a")])
        for build, dimensions in (WITH_VECTORS, 2), (BUILD, 0):
            index.begin(replace(build, model_digest=str(dimensions) * 64), rebuild=True)
            index.write([placed("a", 0, None)])
            index.finish()
            index.promote()
            index.refresh()
            assert index.reader.dimensions() == dimensions
    index.close()


def embedded(tmp_path: Path) -> Index:
    return open_index(f"embedded:{tmp_path / 'index'}")


def test_vectors_are_found_before_a_run_has_gathered_them(tmp_path: Path) -> None:
    """And when a killed run has left what is not whole."""
    index = embedded(tmp_path)
    with index.lock("first"):
        index.begin(WITH_VECTORS)
        index.write([placed("a", 0, 0)])
        assert near(index, 0, TEXT) == ["a"]
        index.refresh()
        file = tmp_path / "index" / "000001" / "vectors" / "text.arrow"
        file.write_bytes(file.read_bytes()[:-20])
        assert near(embedded(tmp_path), 0, TEXT) == ["a"]
        index.refresh()
        index.write([placed("b", 1, 1)])
        assert near(index, 0, TEXT) == ["a", "b"]
    index.close()


def test_a_large_index_is_searched_as_the_run_before_has_left_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.index.embedded.spaces.SMALL", 0)
    index = embedded(tmp_path)
    with index.lock("first"):
        index.begin(WITH_VECTORS)
        index.write([placed("a", 0, 0), placed("b", 20, 20)])
        with pytest.raises(Exception, match="cannot be searched yet"):
            near(index, 0, TEXT)
        index.refresh()
        assert near(index, 0, TEXT) == ["a", "b"]
        index.write([placed("c", 0, 0)])
        index.remove(["a"])
        assert near(index, 0, TEXT) == ["b"]
        index.refresh()
        assert near(index, 0, TEXT) == ["c", "b"]
    index.close()


@pytest.mark.parametrize("few", [0, 4, 100])
def test_many_posts_that_conditions_leave_out_hide_none_that_they_let_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    """Whether they are compared alone after the first look, after some, or are too many for it."""
    monkeypatch.setattr("indexer.index.embedded.neighbours._FEW", few)
    index = embedded(tmp_path)
    with index.lock("first"):
        index.begin(WITH_VECTORS)
        near_by = [placed(f"near {n:03}", n / 100, None) for n in range(300)]
        far = [placed(f"far {n}", 90 + n, 0) for n in range(5)]
        index.write([*near_by, *far])
        index.refresh()
        assert near(index, 0, TEXT, count=3, where=HasPicture()) == ["far 0", "far 1", "far 2"]
        assert near(index, 0, TEXT, count=2) == ["near 000", "near 001"]
    index.close()


def test_vectors_go_with_their_version(tmp_path: Path) -> None:
    index = embedded(tmp_path)
    with index.lock("first"):
        for number in range(2):
            index.begin(replace(WITH_VECTORS, model_digest=str(number) * 64), rebuild=number > 0)
            index.write([placed("a", 0, 0)])
            index.finish()
            index.promote()
            index.refresh()
        index.prune(keep=0)
        assert [path.name for path in (tmp_path / "index").glob("0*")] == ["000002"]
    index.close()


def test_of_a_post_that_is_taken_down_no_vector_is_left(tmp_path: Path) -> None:
    index = embedded(tmp_path)
    with index.lock("first"):
        index.begin(WITH_VECTORS)
        index.write([placed("a", 0, 0), placed("secret", 1, 1)])
        index.refresh()
        file = tmp_path / "index" / "000001" / "vectors" / "picture.arrow"
        assert b"secret" in file.read_bytes()
        index.take_down([letter("secret", reason=Reason.TAKEN_DOWN)])
        assert b"secret" not in file.read_bytes()
        assert near(index, 0, PICTURE) == ["a"]
    index.close()
