"""The survey of a version, by searches alone: one for both engines."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from indexer.index.query import Query, Results
from indexer.index.records import Survey

Search = Callable[[Query], Results]
"""Of one version."""


def frequent_phrases(search: Search, count: int) -> list[str]:
    """The most frequent keyphrases."""
    found = search(Query(limit=0, facets=True, facet_size=count))
    return [facet.phrase for facet in found.facets]


def survey(search: Search, with_keyphrases: int, words: Sequence[str]) -> Survey:
    """`with_keyphrases`: documents that have any."""
    documents = search(Query(limit=0)).total
    return Survey(
        documents=documents,
        without_keyphrases=documents - with_keyphrases,
        totals={each: search(Query(words=each, limit=0)).total for each in words},
    )
