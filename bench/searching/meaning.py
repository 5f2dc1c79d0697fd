"""What a search by meaning adds to one by words, for the same queries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from indexer.index.query import Query
from indexer.index.reader import Reader
from indexer.index.vectors import Modality
from indexer.search.hybrid import hybrid_search
from indexer.search.relevance.judgements import Judgements
from indexer.search.relevance.measures import DEPTH, measure
from indexer.search.relevance.report import flat
from indexer.search.relevance.resampling import Resampled
from indexer.search.tokens import as_words
from model_store.alignment.embedding import Vector

Embed = Callable[[str], Vector | None]
"""The vector of a text; None if it is blank."""


def measure_meaning(
    reader: Reader, embed: Embed, judgements: Judgements, seed: int
) -> dict[str, Any]:
    """`hybrid` and `hybrid_difference`, that less words alone; of an index of the judged posts."""
    by_words, hybrid = [], []
    for phrase, relevant in judgements.relevant.items():
        query = Query(words=as_words(phrase), limit=DEPTH)
        ranking = [hit.id for hit in reader.search(query).hits]
        by_words.append(measure(ranking, relevant))
        vector = embed(phrase)
        if vector is not None:
            found, _ = hybrid_search(reader, query, vector.tolist(), Modality.TEXT)
            ranking = [hit.id for hit in found.hits]
        hybrid.append(measure(ranking, relevant))
    fused, words = (Resampled.of(values, seed) for values in (hybrid, by_words))
    return {"hybrid": flat(fused.scores()), "hybrid_difference": flat(fused.minus(words).scores())}
