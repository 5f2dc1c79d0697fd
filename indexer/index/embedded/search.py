"""Searching a table of documents: the query for tantivy, hits by score and id, exact facets."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta
from typing import Any

import tantivy

from indexer.index.analysis import QueryWord, query_words, required_words
from indexer.index.embedded.conditions import conditions_of
from indexer.index.embedded.page import page
from indexer.index.embedded.rows import CREATED_AT, KEYPHRASES
from indexer.index.embedded.table import Table
from indexer.index.query import FIRST_DAY, LAST_DAY, DayCount, Facet, Query, Results
from indexer.index.ranking import ranking_words
from indexer.index.spelling import allowed_edits, meant_terms
from indexer.index.stored import hit_from_source

_BM25_CONSTANT = 1 / 2.2
"""tantivy keeps the factor (k1 + 1) of BM25 that Lucene has dropped; k1 = 1.2."""
_ALL_SEGMENT_TERMS = 100_000_000
"""No segment leaves out any phrase, so that the counts are exact."""


_EPOCH = date(1970, 1, 1)
_DAY = timedelta(days=1) // timedelta(milliseconds=1)
_FIRST = (FIRST_DAY - _EPOCH) // timedelta(milliseconds=1)
_LAST = (LAST_DAY - _EPOCH) // timedelta(milliseconds=1) + _DAY - 1


def search(table: Table, query: Query) -> Results:
    begun = time.perf_counter()
    searcher = table.searcher()
    words, others = query_words(query.words), ranking_words(query.where)
    misspelt = {
        word.term for word in words if _is_misspelt(table.schema, searcher, word.term, query.boosts)
    }
    asked = _tantivy_query(table.schema, words, misspelt, query)
    total, found = page(searcher, asked, query, ranked=bool(words or others))
    more, found = found[query.limit :], found[: query.limit]
    terms = meant_terms([word.term for word in (*words, *others)], misspelt)
    hits = [hit_from_source(each.source(searcher), each.score, terms) for each in found]
    facets = _facets(searcher, asked, query.facet_size) if query.facets else []
    return Results(
        total=total,
        took_ms=(time.perf_counter() - begun) * 1000,
        hits=tuple(hits),
        facets=tuple(facets),
        days=tuple(_days(searcher, asked)) if query.days else (),
        next=found[-1].place(searcher, query, len(found)) if more and found else None,
    )


def with_keyphrases(table: Table) -> int:
    """How many documents have any."""
    any_phrase = tantivy.Query.exists_query(KEYPHRASES)
    return int(table.searcher().search(any_phrase, 1).count)


def _is_misspelt(
    schema: tantivy.Schema, searcher: tantivy.Searcher, term: str, names: Iterable[str]
) -> bool:
    """No post has it, and it is long enough to be meant for another."""
    return allowed_edits(term) > 0 and not any(
        _has_any(schema, searcher, name, term) for name in names
    )


def _has_any(schema: tantivy.Schema, searcher: tantivy.Searcher, name: str, term: str) -> bool:
    """Rows that were removed count in `doc_freq` until tantivy merges them away."""
    if not searcher.doc_freq(name, term):
        return False
    return bool(searcher.search(tantivy.Query.term_query(schema, name, term, "basic"), 1).count)


def _tantivy_query(
    schema: tantivy.Schema, words: list[QueryWord], misspelt: Collection[str], query: Query
) -> tantivy.Query:
    new, must, should = tantivy.Query, tantivy.Occur.Must, tantivy.Occur.Should
    parts = [(must, new.const_score_query(each, 0.0)) for each in conditions_of(schema, query)]
    if words:
        enough = query.enough_words or required_words(len(words))
        parts.append((must, _enough_words(schema, words, misspelt, query.boosts, enough)))
    if not parts:
        return new.const_score_query(new.all_query(), 0.0)
    ranked = [
        (should, _anywhere(schema, word.term, query.boosts)) for word in ranking_words(query.where)
    ]
    return new.boolean_query([*parts, *ranked])


def _enough_words(
    schema: tantivy.Schema,
    words: list[QueryWord],
    misspelt: Collection[str],
    boosts: Mapping[str, float],
    enough: int,
) -> tantivy.Query:
    meant = [
        (_nearly if word.term in misspelt else _anywhere)(schema, word.term, boosts)
        for word in words
    ]
    return tantivy.Query.boolean_query(
        [(tantivy.Occur.Should, each) for each in meant],
        minimum_number_should_match=enough,
    )


def _anywhere(schema: tantivy.Schema, term: str, boosts: Mapping[str, float]) -> tantivy.Query:
    """The term in any field."""
    new = tantivy.Query
    fields = [
        new.boost_query(new.term_query(schema, name, term, "freq"), boost * _BM25_CONSTANT)
        for name, boost in boosts.items()
    ]
    return new.boolean_query([(tantivy.Occur.Should, each) for each in fields])


def _nearly(schema: tantivy.Schema, term: str, boosts: Mapping[str, float]) -> tantivy.Query:
    """A term that is spelled nearly so in any field; how nearly and how often does not weigh."""
    new = tantivy.Query
    fields = [
        new.const_score_query(new.fuzzy_term_query(schema, name, term, allowed_edits(term)), boost)
        for name, boost in boosts.items()
    ]
    return new.boolean_query([(tantivy.Occur.Should, each) for each in fields])


def _days(searcher: tantivy.Searcher, query: tantivy.Query) -> list[DayCount]:
    bounds = {"min": _FIRST, "max": _LAST}
    asked = {"field": CREATED_AT, "interval": _DAY, "min_doc_count": 1, "hard_bounds": bounds}
    result = searcher.aggregate(query, {"days": {"histogram": asked}})
    return [
        DayCount(_EPOCH + timedelta(milliseconds=bucket["key"]), int(bucket["doc_count"]))
        for bucket in result["days"]["buckets"]
    ]


def _facets(searcher: tantivy.Searcher, query: tantivy.Query, size: int) -> list[Facet]:
    """The most frequent phrases, ties in order of the phrase.

    tantivy leaves the order of ties open. So those above the last count are taken from the most
    frequent ones, and those of the last count from the first ones by name.
    """
    if size == 0:
        return []
    # One more, to see whether others are as frequent as the last one.
    frequent = _phrases(searcher, query, size + 1, {"_count": "desc"})
    last = frequent[size - 1].count if len(frequent) >= size else 0
    if len(frequent) <= size or frequent[size].count < last:
        return sorted(frequent, key=lambda facet: (-facet.count, facet.phrase))[:size]
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
