"""Searching a table of documents: the query for tantivy, hits by score and id, exact facets."""

from __future__ import annotations

import time
from typing import Any

import tantivy

from indexer.index.analysis import QueryWord, query_words, required_words, valid_unicode
from indexer.index.embedded.rows import CREATED_AT, KEYPHRASES
from indexer.index.embedded.table import KEY, Table, read_source
from indexer.index.query import BOOSTS, Facet, Hit, Query, Results
from indexer.index.stored import hit_from_source, milliseconds
from posts.phrases import display_form

_BM25_CONSTANT = 1 / 2.2
"""tantivy keeps the factor (k1 + 1) of BM25 that Lucene has dropped; k1 = 1.2."""
_ALL_SEGMENT_TERMS = 100_000_000
"""No segment leaves out any phrase, so that the counts are exact."""


def search(table: Table, query: Query) -> Results:
    begun = time.perf_counter()
    words = query_words(query.words)
    asked = _tantivy_query(table.schema, words, query)
    searcher = table.searcher()
    total, found = _top(searcher, asked, query.limit, by_score=bool(words))
    terms = [word.term for word in words]
    hits = [_hit(searcher, address, score, terms) for score, address in found]
    facets = _facets(searcher, asked, query.facet_size) if query.facets else []
    return Results(
        total=total,
        took_ms=(time.perf_counter() - begun) * 1000,
        hits=tuple(hits),
        facets=tuple(facets),
    )


def with_keyphrases(table: Table) -> int:
    """How many documents have any."""
    any_phrase = tantivy.Query.exists_query(KEYPHRASES)
    return int(table.searcher().search(any_phrase, 1).count)


def _tantivy_query(schema: tantivy.Schema, words: list[QueryWord], query: Query) -> tantivy.Query:
    new, must = tantivy.Query, tantivy.Occur.Must
    filters = [
        new.term_query(schema, KEYPHRASES, valid_unicode(display_form(phrase)), "basic")
        for phrase in query.phrases
    ]
    if query.since is not None:
        filters.append(
            new.range_query(
                schema, CREATED_AT, tantivy.FieldType.Integer, milliseconds(query.since), None
            )
        )
    parts = [(must, new.const_score_query(each, 0.0)) for each in filters]
    if words:
        parts.append((must, _enough_words(schema, words)))
    return new.boolean_query(parts) if parts else new.const_score_query(new.all_query(), 0.0)


def _enough_words(schema: tantivy.Schema, words: list[QueryWord]) -> tantivy.Query:
    new, should = tantivy.Query, tantivy.Occur.Should
    alternatives = [
        new.boolean_query(
            [
                (should, new.boost_query(_term(schema, field, word), boost * _BM25_CONSTANT))
                for field, boost in BOOSTS.items()
            ]
        )
        for word in words
    ]
    return new.boolean_query(
        [(should, each) for each in alternatives],
        minimum_number_should_match=required_words(len(words)),
    )


def _term(schema: tantivy.Schema, field: str, word: QueryWord) -> tantivy.Query:
    return tantivy.Query.term_query(schema, field, word.term, "freq")


Found = tuple[float, tantivy.DocAddress]


def _top(
    searcher: tantivy.Searcher, query: tantivy.Query, limit: int, *, by_score: bool
) -> tuple[int, list[Found]]:
    """Total, and the first hits by falling score and then by id."""
    if not by_score:
        ordered = searcher.search(query, max(limit, 1), order_by_field=KEY, order=tantivy.Order.Asc)
        return ordered.count, [(0.0, address) for _, address in ordered.hits[:limit]]
    fetch = max(limit, 1)
    while True:
        result = searcher.search(query, fetch)
        # The last score may go on beyond the last hit; the smallest ids may be there.
        if len(result.hits) < fetch or result.hits[-1][0] < result.hits[max(limit, 1) - 1][0]:
            break
        fetch *= 4
    return result.count, _by_score_and_id(searcher, result.hits, limit)


def _by_score_and_id(searcher: tantivy.Searcher, hits: list[Found], limit: int) -> list[Found]:
    if limit == 0 or not hits:
        return []
    worst = hits[min(limit, len(hits)) - 1][0]
    close = [(score, address) for score, address in hits if score >= worst]
    if len({score for score, _ in close}) == len(close):
        return close
    keyed = [(-score, read_source(searcher, address)["id"], address) for score, address in close]
    keyed.sort(key=lambda found: found[:2])
    return [(-score, address) for score, _, address in keyed[:limit]]


def _hit(
    searcher: tantivy.Searcher, address: tantivy.DocAddress, score: float, terms: list[str]
) -> Hit:
    return hit_from_source(read_source(searcher, address), score, terms)


def _facets(searcher: tantivy.Searcher, query: tantivy.Query, size: int) -> list[Facet]:
    """The most frequent phrases, ties in order of the phrase.

    tantivy leaves the order of ties open. So those above the last count are taken from the most
    frequent ones, and those of the last count from the first ones by name.
    """
    if size == 0:
        return []
    frequent = _phrases(searcher, query, size, {"_count": "desc"})
    if len(frequent) < size:
        return sorted(frequent, key=lambda facet: (-facet.count, facet.phrase))
    last = min(facet.count for facet in frequent)
    above = [facet for facet in frequent if facet.count > last]
    by_name = _phrases(searcher, query, 2 * size, {"_key": "asc"}, least=last)
    level = [facet for facet in by_name if facet.count == last][: size - len(above)]
    return sorted(above, key=lambda facet: (-facet.count, facet.phrase)) + level


def _phrases(
    searcher: tantivy.Searcher,
    query: tantivy.Query,
    size: int,
    order: dict[str, str],
    least: int = 1,
) -> list[Facet]:
    terms: dict[str, Any] = {
        "field": KEYPHRASES,
        "size": size,
        "segment_size": _ALL_SEGMENT_TERMS,
        "order": order,
        "min_doc_count": least,
    }
    result = searcher.aggregate(query, {"phrases": {"terms": terms}})
    return [
        Facet(bucket["key"], int(bucket["doc_count"])) for bucket in result["phrases"]["buckets"]
    ]
