"""The benchmark of weights, with vectors of our own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from bench.weights import STRENGTHS, WORDS, measure_weights
from indexer.index.location import open_index
from indexer.index.query import BOOSTS
from indexer.index.vectors import Modality, Vectors
from indexer.search.hybrid import WEIGHT_OF_WORDS
from indexer.search.relevance.judgements import Judgements
from model_store.alignment.embedding import Vector
from tests.indexer.index.samples import BUILD, document, phrases

RELEVANT = Judgements(
    posts=("said", "named"), relevant={"cat": frozenset({"said", "other"})}, left_out={}
)


def embed(_text: str) -> Vector:
    return np.array([1.0, 0.0], dtype=np.float32)


def test_what_is_in_use_is_compared_with_others(tmp_path: Path) -> None:
    before = dict(BOOSTS), dict(WEIGHT_OF_WORDS)
    index = open_index(f"embedded:{tmp_path / 'index'}")
    with index.lock("run"):
        index.begin(replace(BUILD, dimensions=2))
        index.write(
            [
                # The model named the wrong one; by boosts of keyphrases alone it would be first.
                document("named", "x", keyphrases=phrases(cat=0.9), vectors=lies(0.6, 0.8)),
                document("said", "a cat", vectors=lies(1.0, 0.0)),
                document("other", "x", vectors=lies(0.8, 0.6)),
            ]
        )
    found = measure_weights(index.reader, embed, RELEVANT)
    index.close()

    assert (dict(BOOSTS), dict(WEIGHT_OF_WORDS)) == before
    assert found["queries"] == 1
    by_strong = {each["strong"]: each for each in found["boosts"]}
    assert by_strong[4.0]["mrr"] == 0.5
    assert by_strong[0.5]["mrr"] == 1
    in_use = next(each for each in found["boosts"] if each["weak"] == BOOSTS["weak"])
    assert in_use["difference"]["mrr"] == 0
    assert [each["words"] for each in found["hybrid"]] == list(WORDS)
    assert len(found["boosts"]) == len(STRENGTHS)
    of = {each["words"]: each for each in found["hybrid"]}
    assert of[WEIGHT_OF_WORDS[Modality.TEXT]]["difference"]["ndcg@10"] == 0
    # Whatever the words weigh, both are found; with little the nearest come before the named one.
    assert {each["recall@100"] for each in found["hybrid"]} == {1}
    assert of[1.0]["ndcg@10"] >= of[10.0]["ndcg@10"]


def lies(*vector: float) -> Vectors:
    return Vectors(text=vector)
