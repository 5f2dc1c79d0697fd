"""Hybrid search: the posts nearest to a vector, and those of a query's words, as one ranking.

Three rankings of `WINDOW` posts each are fused: the nearest texts, the nearest pictures and, where
the query has words, the most relevant posts for these. All meet the query's conditions. What is
found are the posts of these rankings: they are what totals, facets and dates count.

A picture is compared with pictures, and with texts of posts only that have none: pictures of one
kind are far nearer to each other than texts are to any, and the post that has the very picture
would fall behind those whose text fits a little.

Words weigh more than their own meaning, so much that posts of their ranking come first: what has
the very words is seldom wrong, and the nearest of many posts often are. Meaning puts those in
order, and finds others. Beside a picture, words weigh as much as it does.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace

from indexer.index.analysis import query_words
from indexer.index.condition import Either, Every, HasId, HasPicture, Not
from indexer.index.highlight import highlight
from indexer.index.query import Hit, Place, Query, Results
from indexer.index.ranking import ranking_words
from indexer.index.reader import Reader
from indexer.index.spelling import MeantTerms, allowed_edits
from indexer.index.vectors import Modality
from indexer.search.fusion import fused

WINDOW = 100
"""Posts of each ranking."""
WEIGHT_OF_WORDS = {Modality.TEXT: 10.0, Modality.PICTURE: 1.0}
"""Of the ranking by words, where that by a vector weighs 1, by what the vector is of. That beside a
text was chosen by measurement (bench/weights.py)."""


def hybrid_search(
    reader: Reader, query: Query, vector: Sequence[float], of: Modality
) -> tuple[Results, Query]:
    """Results for the vector of a text or of a picture, and a query for the very posts that were
    found."""
    begun = time.perf_counter()
    of_texts = query if of is Modality.TEXT else _without_picture(query)
    rankings = [
        (reader.nearest(vector, Modality.PICTURE, query, WINDOW), 1.0),
        (reader.nearest(vector, Modality.TEXT, of_texts, WINDOW), 1.0),
    ]
    if query_words(query.words) or ranking_words(query.where):
        rankings.append((_ranked_by_words(reader, query), WEIGHT_OF_WORDS[of]))
    scores = fused(rankings)
    found = replace(
        Query(where=_any_of(scores)),
        newest_first=query.newest_first,
        facets=query.facets,
        facet_size=query.facet_size,
        days=query.days,
    )
    if query.newest_first:
        results = reader.search(replace(found, limit=query.limit, after=query.after))
    else:
        counted = reader.search(replace(found, limit=0))
        results = _page(reader, query, scores, counted)
    terms = _meant_terms(reader, query)
    hits = tuple(
        replace(hit, score=scores[hit.id], highlight=highlight(hit.text, terms))
        for hit in results.hits
    )
    took = (time.perf_counter() - begun) * 1000
    return replace(results, hits=hits, took_ms=took), found


def _without_picture(query: Query) -> Query:
    bare = Not(HasPicture())
    return replace(query, where=bare if query.where is None else Every((query.where, bare)))


def _ranked_by_words(reader: Reader, query: Query) -> list[str]:
    asked = replace(query, limit=WINDOW, after=None, facets=False, days=False, newest_first=False)
    return [hit.id for hit in reader.search(asked).hits]


def _page(reader: Reader, query: Query, scores: dict[str, float], counted: Results) -> Results:
    """Those behind the place, best first."""
    behind = [id for id in scores if _is_behind(scores[id], id, query.after)]
    page, more = behind[: query.limit], behind[query.limit :]
    hits = _hits(reader, page)
    before = 0 if query.after is None else query.after.position
    last = Place(scores[page[-1]], page[-1], before + len(page)) if page and more else None
    return replace(counted, hits=tuple(hits[id] for id in page if id in hits), next=last)


def _hits(reader: Reader, ids: Sequence[str]) -> dict[str, Hit]:
    """Without those that have just gone."""
    if not ids:
        return {}
    found = reader.search(Query(where=_any_of(ids), limit=len(ids)))
    return {hit.id: hit for hit in found.hits}


def _is_behind(score: float, id: str, place: Place | None) -> bool:
    if place is None or place.value is None:
        return True
    return (-score, id) > (-place.value, place.id)


def _any_of(ids: Iterable[str]) -> Either:
    return Either(tuple(map(HasId, ids)))


def _meant_terms(reader: Reader, query: Query) -> MeantTerms:
    words = [word.term for word in query_words(query.words)]
    posts = reader.posts_with_words([term for term in words if allowed_edits(term)])
    terms = [*words, *(word.term for word in ranking_words(query.where))]
    return MeantTerms(terms, [term for term, count in posts.items() if not count])
