"""Weights of search that were chosen by measurement, beside others that might have been.

    python -m bench.weights    # bench/results/weights.json; about ten minutes

Needs the posts that `bench.relevance` does, and says so where they are not.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bench.relevance import DATA, DATA_SETS, SEED, draw, index_posts, shipped_embed
from bench.result import write_result
from bench.searching.meaning import Embed
from indexer.index.location import open_index
from indexer.index.query import BOOSTS, Query, Results
from indexer.index.reader import Reader
from indexer.index.vectors import Modality
from indexer.search.hybrid import WEIGHT_OF_WORDS, hybrid_search
from indexer.search.relevance.judgements import Judgements, read_judgements
from indexer.search.relevance.measures import DEPTH, measure
from indexer.search.relevance.report import flat
from indexer.search.relevance.resampling import Resampled
from indexer.search.tokens import as_words
from posts.writing import write_parquet

POSTS = 400
STRENGTHS = ((4.0, 2.5, 1.5), (2.0, 1.0, 0.5), (1.0, 1.0, 1.0), (1.0, 0.5, 0.25), (0.5, 0.25, 0.12))
"""Boosts of strong, medium and weak keyphrases; that of the text is 1."""
WORDS = (1.0, 2.0, 3.0, 6.0, 10.0, 20.0)
"""Weights of the ranking by words in a search by meaning."""
_METHOD = (
    f"As in relevance.json, of {POSTS} posts of each data set at most. boosts: words in texts and "
    "keyphrases, by the boosts of strong, medium and weak keyphrases (indexer/index/query.py). "
    "hybrid: the same and meaning, by the weight of the ranking by words "
    "(indexer/search/hybrid.py). difference: less what is in use, of the same queries. What is in "
    "use was chosen by these figures."
)
Ask = Callable[[str], Results]


def main() -> None:
    """Measures, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.parse_args()
    for path in (DATA / name for name in DATA_SETS.values()):
        if not path.is_file():
            parser.exit(
                2, f"{path} is not there, and without its posts there is nothing to measure\n"
            )
    measured, embed = {}, shipped_embed()
    for name, place in DATA_SETS.items():
        with tempfile.TemporaryDirectory() as temporary:
            dump = Path(temporary) / "posts.parquet"
            write_parquet(draw(DATA / place, POSTS), dump)
            location = f"embedded:{Path(temporary) / 'index'}"
            index_posts(dump, location)
            index = open_index(location)
            try:
                judgements = read_judgements(str(dump), lambda _doing, _done, _total: None)
                measured[name] = measure_weights(index.reader, embed, judgements)
            finally:
                index.close()
        print(name, measured[name])
    print(write_result("weights", _METHOD, measured))


def measure_weights(reader: Reader, embed: Embed, judgements: Judgements) -> dict[str, Any]:
    """`boosts` and `hybrid`, of an index of the judged posts that is too small for arrays."""

    def by_words(phrase: str) -> Results:
        return reader.search(Query(words=as_words(phrase), limit=DEPTH))

    vectors = {phrase: embed(phrase) for phrase in judgements.relevant}

    def by_meaning(phrase: str) -> Results:
        vector = vectors[phrase]
        if vector is None:
            return by_words(phrase)
        query = Query(words=as_words(phrase), limit=DEPTH)
        return hybrid_search(reader, query, vector.tolist(), Modality.TEXT)[0]

    words, meaning = asked(by_words, judgements), asked(by_meaning, judgements)
    boosts, hybrid = [], []
    for strengths in STRENGTHS:
        named = dict(zip(("strong", "medium", "weak"), strengths, strict=True))
        with patch.dict(BOOSTS, named):
            boosts.append(named | beside(asked(by_words, judgements), words))
    for weight in WORDS:
        with patch.dict(WEIGHT_OF_WORDS, {Modality.TEXT: weight}):
            hybrid.append({"words": weight} | beside(asked(by_meaning, judgements), meaning))
    return {"queries": len(judgements.relevant), "boosts": boosts, "hybrid": hybrid}


def asked(ask: Ask, judgements: Judgements) -> Resampled:
    """All queries; resampled alike each time."""
    values = [
        measure([hit.id for hit in ask(phrase).hits], relevant)
        for phrase, relevant in judgements.relevant.items()
    ]
    return Resampled.of(values, SEED)


def beside(one: Resampled, in_use: Resampled) -> dict[str, Any]:
    """Its scores, and those less what is in use."""
    return flat(one.scores()) | {"difference": flat(one.minus(in_use).scores())}


if __name__ == "__main__":
    main()
