"""Arrays beside a table: the same answers as the table gives."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from indexer.index.condition import (
    Condition,
    Either,
    Every,
    HasId,
    HasKeyphrase,
    HasPicture,
    HasWords,
    IsAligned,
    Not,
)
from indexer.index.embedded.columns.build import build
from indexer.index.embedded.columns.columns import Columns, load_columns
from indexer.index.embedded.columns.impact import Impact, codes_of
from indexer.index.embedded.columns.search import search as search_columns
from indexer.index.embedded.columns.snapshot import snapshot
from indexer.index.embedded.columns.vocabulary import FIELDS
from indexer.index.embedded.search import search as search_table
from indexer.index.embedded.table import Table
from indexer.index.location import open_index
from indexer.index.query import Place, Query, Results, Within
from indexer.index.records import Document
from posts.phrases import Keyphrase
from tests.indexer.index.samples import BUILD, SPRING, document, update

_POSTS, _QUERIES = 2_000, 250
_SYLLABLES = ["ka", "lo", "mi", "ren", "tu", "sal", "pek", "dor", "vi", "nas", "ing", "ed", "é"]


class Made:
    """Posts and queries by chance, with words and keyphrases as frequent as Zipf has them."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        words = {self._word() for _ in range(600)} | {"猫", "🎉", "don't", "x" * 300}
        self.words = sorted(sorted(words), key=lambda _: self.chance.random())
        self.phrases = [" ".join(self.some(self.words, 3)) for _ in range(200)]

    def some(self, of: list[str], most: int) -> list[str]:
        weights = [1 / (rank + 2) for rank in range(len(of))]
        return self.chance.choices(of, weights, k=self.chance.randint(1, most))

    def post(self, number: int) -> Document:
        chance = self.chance
        words = self.some(self.words, 1 if chance.random() < 0.1 else 40)
        phrases = self.some(self.phrases, 6) if chance.random() < 0.9 else []
        old = timedelta(days=chance.randint(-60_000, 300), milliseconds=chance.randint(0, 9))
        return document(
            f"post-{number}",
            chance.choice([" ", ", ", "\u3000", "-"]).join(words),
            has_picture=chance.random() < 0.5,
            alignment=None if chance.random() < 0.5 else chance.random(),
            created_at=None if chance.random() < 0.1 else SPRING + old,
            keyphrases=tuple(Keyphrase(each, round(chance.random(), 2)) for each in phrases),
        )

    def query(self) -> Query:
        chance = self.chance
        words = self.some(self.words, 5) if chance.random() < 0.8 else []
        if words and chance.random() < 0.3:
            place = chance.randrange(len(words))
            words[place] = self._mistyped(words[place])
        return Query(
            words=" ".join(words),
            where=self.condition(2) if chance.random() < 0.5 else None,
            since=self._date(),
            until=self._date(),
            least_score=chance.choice([None, None, None, 0.0, 0.2, 0.33, 0.5, 0.9]),
            within=chance.choice([None, None, None, *Within]),
            enough_words=chance.choice([None, None, None, 1, 2]),
            newest_first=chance.random() < 0.3,
            limit=chance.choice([0, 1, 10, 100]),
            facets=True,
            facet_size=chance.choice([0, 1, 20, 500]),
            days=True,
        )

    def condition(self, depth: int) -> Condition:
        chance = self.chance
        kind = chance.randrange(8 if depth else 5)
        if kind < 2:
            return HasKeyphrase(chance.choice(self.phrases))
        if kind == 2:
            return HasWords(" ".join(self.some(self.words[:30], 3)))
        if kind == 3:
            return HasId(f"post-{chance.randrange(_POSTS)}")
        if kind == 4:
            return chance.choice([HasPicture(), IsAligned(chance.random())])
        if kind == 5:
            return Not(self.condition(depth - 1))
        parts = tuple(self.condition(depth - 1) for _ in range(chance.randint(0, 3)))
        return Every(parts) if kind == 6 else Either(parts)

    def _word(self) -> str:
        return "".join(self.chance.choices(_SYLLABLES, k=self.chance.randint(1, 5)))

    def _date(self) -> object:
        if self.chance.random() < 0.8:
            return None
        return SPRING + timedelta(days=self.chance.randint(-60_000, 300))

    def _mistyped(self, word: str) -> str:
        place = self.chance.randrange(len(word))
        return word[:place] + self.chance.choice(["q", "", "lo"]) + word[place + 1 :]


def columns_of(table: Table, folder: Path) -> Columns:
    """Arrays of what the table has now."""
    now = snapshot(table.folder, table)
    build(folder / now.name, now)
    return load_columns(folder / now.name, now.searcher)


def assert_alike(one: Results, other: Results, query: Query) -> None:
    """All is equal but for the last digits of scores, by which hits may have changed places."""
    assert (one.total, one.facets, one.days) == (other.total, other.facets, other.days), query
    assert len(one.hits) == len(other.hits), query
    assert (one.next is None) == (other.next is None)
    scores = [hit.score for hit in one.hits]
    assert scores == pytest.approx([hit.score for hit in other.hits], rel=1e-5), query
    for place, (hit, found) in enumerate(zip(one.hits, other.hits, strict=True)):
        if hit.id != found.id:
            near = scores[max(place - 1, 0) : place + 2]
            close = [abs(a - b) < 1e-5 * a for a, b in itertools.pairwise(near)]
            # Whom the last one of a page has changed places with may stand on the next page.
            assert any(close) or (place == len(scores) - 1 and one.next is not None), query


@pytest.fixture(scope="module")
def made() -> Made:
    return Made(seed=1)


@pytest.fixture(scope="module")
def tables(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Table]]:
    """One as it was written first, and one with posts that were changed and removed."""
    found = []
    for changed in (False, True):
        path = tmp_path_factory.mktemp("index")
        index = open_index(f"embedded:{path}")
        index.begin(replace(BUILD, dimensions=2))
        posts = [made.post(number) for number in range(_POSTS)]
        for start in range(0, _POSTS, 700):
            assert index.write(posts[start : start + 700]) == {}
        if changed:
            index.write([made.post(number) for number in range(0, _POSTS, 7)])
            index.write(updates=[update(f"post-{n}") for n in range(0, _POSTS, 11)])
            index.remove([f"post-{number}" for number in range(0, _POSTS, 5)])
        found.append(Table(path / "000001", None, create=False, key_in="id"))
    return found


@pytest.mark.parametrize("changed", [False, True])
def test_arrays_answer_as_the_table_does(
    made: Made, tables: list[Table], tmp_path: Path, changed: bool
) -> None:
    table = tables[changed]
    columns = columns_of(table, tmp_path)
    assert len(columns) == table.count()
    found = 0
    for _ in range(_QUERIES):
        query = made.query()
        one, other = search_columns(columns, query), search_table(table, query)
        assert_alike(one, other, query)
        found += one.total > 0
        # Each goes on from its own place, for scores differ in their last digits.
        one = search_columns(columns, replace(query, after=one.next))
        other = search_table(table, replace(query, after=other.next))
        assert_alike(one, other, query)
    assert found > _QUERIES / 4


def test_places_that_no_page_ended_at_are_understood(
    tables: list[Table], made: Made, tmp_path: Path
) -> None:
    table = tables[0]
    columns = columns_of(table, tmp_path)
    for value in (None, -1.0, 0.0, 1.5, 1e12):
        for words, newest_first in (("", False), ("", True), (made.words[0], False)):
            place = Place(value, "post-2", 0)
            query = Query(words=words, newest_first=newest_first, after=place, limit=20)
            assert_alike(search_columns(columns, query), search_table(table, query), query)


def test_a_word_that_all_of_very_many_posts_have_is_there_all_the_same() -> None:
    rows, lists = 10_000_000, np.zeros(3, np.int64)
    impact = Impact(
        rows=rows,
        frequencies=np.array([rows]),
        codes=codes_of(np.full((3, len(FIELDS)), 1_000)),
        mean_lengths=np.ones(len(FIELDS)),
    )
    assert (impact.of(lists, np.arange(3), np.ones(3)) > 0).all()
