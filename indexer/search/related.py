"""Keyphrases that are related to a query: much more frequent among its posts than among all.

    significance = (share of the hits - share of all posts) x share of the hits / share of all posts

The measure is JLH, which Elasticsearch's significant terms have as their default; it is reckoned
here from counts, so that both engines give the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from indexer.index.analysis import query_words
from indexer.index.condition import Condition, Either, Every, HasKeyphrase, HasWords
from indexer.index.query import Query
from indexer.index.reader import Reader

_CANDIDATES = 300
"""The most frequent keyphrases of the hits; rarer ones say little about them."""
_LEAST_POSTS = 2
"""Hits that must have it: what one post has is an accident."""


@dataclass(frozen=True, slots=True)
class Related:
    phrase: str
    count: int
    """Hits that have it."""
    significance: float
    """Greater than 0."""


def related(reader: Reader, query: Query, size: int) -> list[Related]:
    """By falling significance, ties by phrase; without those that the query itself names."""
    asked = replace(query, limit=0, after=None, facets=True, facet_size=_CANDIDATES, days=False)
    found = reader.search(asked)
    # The index may change between two questions; then at least what was found is there.
    everything = max(found.total, reader.search(Query(limit=0)).total)
    own = _own_terms(query)
    frequent = [
        facet
        for facet in found.facets
        if facet.count >= _LEAST_POSTS and not own >= _terms(facet.phrase)
    ]
    overall = reader.posts_with_phrases([facet.phrase for facet in frequent])
    significant = []
    for facet in frequent:
        share = facet.count / found.total
        usual = max(overall[facet.phrase], facet.count) / everything
        if share > usual:
            significance = (share - usual) * share / usual
            significant.append(Related(facet.phrase, facet.count, significance))
    return sorted(significant, key=lambda each: (-each.significance, each.phrase))[:size]


def _own_terms(query: Query) -> set[str]:
    return _terms(query.words).union(*map(_terms, _texts(query.where)))


def _terms(text: str) -> set[str]:
    return {word.term for word in query_words(text)}


def _texts(asked: Condition | None) -> Iterator[str]:
    """Those that a post may or must have."""
    match asked:
        case HasWords(text) | HasKeyphrase(text):
            yield text
        case Every(parts) | Either(parts):
            for part in parts:
                yield from _texts(part)
