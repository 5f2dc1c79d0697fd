"""Both engines find the same: equal totals and facets, and nearly the same first ten."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from indexer.index.condition import (
    Condition,
    Either,
    Every,
    HasKeyphrase,
    HasPicture,
    HasWords,
    Not,
)
from indexer.index.location import open_index
from indexer.index.protocol import Index
from indexer.index.query import Query
from indexer.index.ranking import ranking_words
from indexer.index.records import Document
from posts.phrases import Keyphrase
from tests.indexer.index.samples import BUILD, SPRING, document

_DOCUMENTS, _QUERIES = 5_000, 500
_SYLLABLES = ["ka", "lo", "mi", "ren", "tu", "sal", "pek", "dor", "vi", "nas", "ing", "ed"]


@pytest.fixture(scope="module")
def vocabulary() -> list[str]:
    """Made-up words with English endings, the most frequent first."""
    chance = random.Random(1)
    words = {"".join(chance.choices(_SYLLABLES, k=chance.randint(2, 4))) for _ in range(1_200)}
    return sorted(sorted(words), key=lambda word: chance.random())


@pytest.fixture(scope="module")
def documents(vocabulary: list[str]) -> list[Document]:
    chance = random.Random(2)
    phrases = [" ".join(_drawn(chance, vocabulary, chance.randint(1, 3))) for _ in range(300)]
    return [
        document(
            f"post-{number}",
            " ".join(_drawn(chance, vocabulary, chance.randint(0, 60))),
            has_picture=chance.random() < 0.5,
            created_at=SPRING + timedelta(days=chance.randint(-2_000, 0)),
            keyphrases=tuple(
                Keyphrase(phrase, round(chance.random(), 4))
                for phrase in dict.fromkeys(_drawn(chance, phrases, chance.randint(0, 5)))
            ),
        )
        for number in range(_DOCUMENTS)
    ]


@pytest.fixture
def engines(
    documents: list[Document], elastic_location: str, tmp_path: Path
) -> Iterator[tuple[Index, Index]]:
    indices = [open_index(f"embedded:{tmp_path / 'index'}"), open_index(elastic_location)]
    for index in indices:
        index.begin(BUILD)
        assert index.write(documents) == {}
        index.refresh()
    yield indices[0], indices[1]
    for index in indices:
        index.close()


def test_both_engines_answer_alike(
    engines: tuple[Index, Index], documents: list[Document], vocabulary: list[str]
) -> None:
    embedded, elastic = engines
    chance = random.Random(3)
    overlaps = []
    for _ in range(_QUERIES):
        query = Query(words=" ".join(_drawn(chance, vocabulary, chance.randint(1, 4))), facets=True)
        one, other = embedded.reader.search(query), elastic.reader.search(query)
        assert (one.total, one.facets) == (other.total, other.facets)
        if one.total:
            ids = {hit.id for hit in one.hits} & {hit.id for hit in other.hits}
            overlaps.append(len(ids) / len(one.hits))
    assert len(overlaps) > _QUERIES / 2
    print(f"mean overlap of the first ten: {sum(overlaps) / len(overlaps):.3f}")  # noqa: T201
    assert sum(overlaps) / len(overlaps) >= 0.8

    for query in (*_filters(chance, documents), *_conditions(chance, documents)):
        one, other = embedded.reader.search(query), elastic.reader.search(query)
        assert one.total > 0
        assert (one.total, one.facets) == (other.total, other.facets)
        if query.where is None or not ranking_words(query.where):
            assert replace(one, took_ms=0) == replace(other, took_ms=0)

    misspelt = [_misspelt(chance, word) for word in chance.sample(vocabulary, 100)]
    for query in (Query(words=word, limit=1_000) for word in misspelt):
        one, other = embedded.reader.search(query), elastic.reader.search(query)
        assert {hit.id for hit in one.hits} == {hit.id for hit in other.hits}
        assert one.total == other.total


def _filters(chance: random.Random, documents: list[Document]) -> Iterator[Query]:
    """Phrase and date filters that something matches, and no filter at all."""
    yield Query(facets=True, facet_size=1_000)
    for post in chance.sample([each for each in documents if each.keyphrases], 30):
        phrases = tuple(HasKeyphrase(keyphrase.phrase) for keyphrase in post.keyphrases)
        yield Query(where=phrases[0], facets=True)
        yield Query(where=Every(phrases[:2]), since=post.created_at, facets=True)
        yield Query(since=post.created_at, facets=True, facet_size=7)


def _conditions(chance: random.Random, documents: list[Document]) -> Iterator[Query]:
    """Conditions of all kinds and depths, each met by the post that it was made of."""
    for post in chance.sample([each for each in documents if each.keyphrases and each.text], 60):
        words = post.text.split()
        begin = chance.randrange(len(words))
        best = post.keyphrases[0]
        met: list[Condition] = [
            HasWords(" ".join(words[begin : begin + chance.randint(1, 3)])),
            HasKeyphrase(best.phrase),
            HasPicture() if post.has_picture else Not(HasPicture()),
            Not(HasWords("unheard-of")),
        ]
        chance.shuffle(met)
        other = HasKeyphrase(chance.choice(documents).text or "unheard of")
        yield Query(where=met[0], facets=True)
        yield Query(where=Every((met[1], Either((other, met[2])))), facets=True)
        yield Query(where=met[3], newest_first=True, facets=True)
        yield Query(where=HasKeyphrase(best.phrase), least_score=best.score, facets=True)


def _misspelt(chance: random.Random, word: str) -> str:
    """With a slip of one kind or another."""
    place = chance.randrange(len(word) - 1)
    before, behind = word[:place], word[place:]
    slips = ["x" + behind, behind[1:], "q" + behind[1:], behind[1] + behind[0] + behind[2:]]
    return before + chance.choice(slips)


def _drawn(chance: random.Random, words: list[str], count: int) -> list[str]:
    """Words by Zipf's law: the n-th is drawn with a weight of 1 / n."""
    return chance.choices(words, weights=[1 / (n + 1) for n in range(len(words))], k=count)
