"""Searching the live version: the query for Elasticsearch, and its answer as results."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from indexer.index.analysis import QueryWord, query_words, required_words, valid_unicode
from indexer.index.query import BOOSTS, Facet, Query, Results
from indexer.index.stored import hit_from_source
from posts.phrases import display_form

_NOT_NEEDED = ["strong", "medium", "weak"]


def search_body(query: Query, words: list[QueryWord]) -> dict[str, Any]:
    """Arguments of the client's `search`, without the index."""
    body: dict[str, Any] = {
        "query": {"bool": _clauses(query, words)},
        "size": query.limit,
        "sort": [{"_score": "desc"}, {"id": "asc"}],
        "track_total_hits": True,
        "track_scores": True,
        "source_excludes": _NOT_NEEDED,
    }
    if query.facets and query.facet_size > 0:
        body["aggs"] = {
            "phrases": {
                "terms": {
                    "field": "keyphrases",
                    "size": query.facet_size,
                    # Exact with one shard anyway; close to it if someone has set more.
                    "shard_size": query.facet_size * 20 + 1000,
                    "order": [{"_count": "desc"}, {"_key": "asc"}],
                }
            }
        }
    return body


def words_of(query: Query) -> list[QueryWord]:
    return query_words(query.words)


def results(answer: Any, words: list[QueryWord]) -> Results:
    terms = [word.term for word in words]
    buckets = answer.get("aggregations", {}).get("phrases", {}).get("buckets", [])
    return Results(
        total=answer["hits"]["total"]["value"],
        took_ms=float(answer["took"]),
        hits=tuple(
            hit_from_source(hit["_source"], float(hit["_score"]), terms)
            for hit in answer["hits"]["hits"]
        ),
        facets=tuple(Facet(bucket["key"], bucket["doc_count"]) for bucket in buckets),
    )


def _clauses(query: Query, words: list[QueryWord]) -> dict[str, Any]:
    filters: list[dict[str, Any]] = [
        {"term": {"keyphrases": valid_unicode(display_form(phrase))}} for phrase in query.phrases
    ]
    if query.since is not None:
        since = query.since if query.since.tzinfo else query.since.replace(tzinfo=UTC)
        filters.append({"range": {"created_at": {"gte": since.isoformat()}}})
    # A filter of its own even where nothing is asked, so that such a hit scores 0, not 1.
    clauses: dict[str, Any] = {"filter": filters or [{"match_all": {}}]}
    if words:
        clauses["must"] = [
            {
                "bool": {
                    "should": [_anywhere(word) for word in words],
                    "minimum_should_match": required_words(len(words)),
                }
            }
        ]
    return clauses


def _anywhere(word: QueryWord) -> dict[str, Any]:
    """The word in any field; a sum over fields, as the embedded engine has it."""
    matches = [
        {"match": {field: {"query": word.raw, "operator": "and", "boost": boost}}}
        for field, boost in BOOSTS.items()
    ]
    return {"bool": {"should": matches}}
