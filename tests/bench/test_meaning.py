"""The benchmark of searches by meaning, with vectors of our own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.searching.meaning import measure_meaning
from indexer.index.location import open_index
from indexer.index.reader import Reader
from indexer.index.vectors import Vectors
from indexer.search.relevance.judgements import Judgements
from model_store.alignment.embedding import Vector
from tests.indexer.index.samples import BUILD, document, phrases

RELEVANT = Judgements(
    posts=("named", "meant", "other"),
    relevant={"cat": frozenset({"named", "meant"})},
    left_out={},
)


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    """Of two posts about a cat, only one of which says so."""
    index = open_index(f"embedded:{tmp_path / 'index'}")
    with index.lock("run"):
        index.begin(replace(BUILD, dimensions=2))
        index.write(
            [
                document("named", "x", keyphrases=phrases(cat=0.9), vectors=lies(1.0, 0.0)),
                document("other", "x", vectors=lies(0.0, 1.0)),
                document("meant", "x", vectors=lies(1.0, 0.0)),
            ]
        )
    yield index.reader
    index.close()


def lies(*vector: float) -> Vectors:
    return Vectors(text=vector)


def embed(_text: str) -> Vector:
    return np.array([1.0, 0.0], dtype=np.float32)


def test_meaning_finds_what_is_not_said(reader: Reader) -> None:
    found = measure_meaning(reader, embed, RELEVANT, seed=0)
    assert found["hybrid"]["ndcg@10"] == 1
    assert found["hybrid"]["recall@100"] == 1
    assert found["hybrid_difference"]["recall@100"] == 0.5


def test_a_query_without_meaning_is_one_of_words(reader: Reader) -> None:
    found = measure_meaning(reader, lambda _text: None, RELEVANT, seed=0)
    assert found["hybrid"]["recall@100"] == 0.5
    assert found["hybrid_difference"]["ndcg@10"] == 0
