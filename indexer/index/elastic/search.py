"""Searching one version: the query for Elasticsearch, and its answer as results."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from indexer.index.analysis import QueryWord, query_words, required_words
from indexer.index.elastic.conditions import filters_of
from indexer.index.query import FIRST_DAY, LAST_DAY, DayCount, Facet, Place, Query, Results
from indexer.index.ranking import ranking_words
from indexer.index.spelling import MeantTerms, allowed_edits
from indexer.index.stored import hit_from_source
from indexer.index.vectors import Modality

NOT_NEEDED = [
    *("strong", "medium", "weak", "scored_keyphrases", "best_score", "aligned"),
    *(each.field for each in Modality),
]
_NO_DATE = -(2**63)
"""What Elasticsearch sorts a post without a date by, where the newest come first."""

Body = dict[str, Any]
Ask = Callable[[list[Body]], list[Any]]
"""Gives the answers to searches of one index, asked in one request."""


def search(ask: Ask, query: Query) -> Results:
    """One request, and a second one if it shows that a word is in no post."""
    words = query_words(query.words)
    doubtful = [word for word in words if allowed_edits(word.term)]
    answer, *counts = ask(
        [_body(query, words, ()), *(_is_known(word.term, query.boosts) for word in doubtful)]
    )
    misspelt = {
        word.term
        for word, count in zip(doubtful, counts, strict=True)
        if not count["hits"]["total"]["value"]
    }
    took = float(answer["took"])
    if misspelt:
        (answer,) = ask([_body(query, words, misspelt)])
        took += float(answer["took"])
    terms = [word.term for word in (*words, *ranking_words(query.where))]
    return _results(query, answer, MeantTerms(terms, misspelt), took)


def _body(query: Query, words: list[QueryWord], misspelt: Collection[str]) -> Body:
    body: Body = {
        "query": {"bool": _clauses(query, words, misspelt)},
        # One more, to see whether there is.
        "size": query.limit + 1 if query.limit else 0,
        "sort": [_order(query), {"id": "asc"}],
        "track_total_hits": True,
        # By date nothing is ranked, in either engine.
        "track_scores": not query.newest_first,
        "_source": {"excludes": NOT_NEEDED},
    }
    if query.after is not None:
        value = _NO_DATE if query.after.value is None else query.after.value
        body["search_after"] = [value, query.after.id]
    if counted := _counted(query):
        body["aggs"] = counted
    return body


def _counted(query: Query) -> dict[str, Any]:
    counted: dict[str, Any] = {}
    if query.facets and query.facet_size > 0:
        phrases = {
            "field": "keyphrases",
            "size": query.facet_size,
            # Exact with one shard anyway; close to it if someone has set more.
            "shard_size": query.facet_size * 20 + 1000,
            "order": [{"_count": "desc"}, {"_key": "asc"}],
        }
        counted["phrases"] = {"terms": phrases}
    if query.days:
        days = {
            "field": "created_at",
            "fixed_interval": "1d",
            "min_doc_count": 1,
            "hard_bounds": {"min": f"{FIRST_DAY}", "max": f"{LAST_DAY}"},
        }
        counted["days"] = {"date_histogram": days}
    return counted


def _order(query: Query) -> dict[str, Any]:
    if query.newest_first:
        return {"created_at": {"order": "desc", "missing": "_last"}}
    return {"_score": "desc"}


def _is_known(term: str, names: Iterable[str]) -> Body:
    """Whether any post has the word."""
    fields = [{"term": {name: term}} for name in names]
    return {
        "query": {"bool": {"filter": {"bool": {"should": fields}}}},
        "size": 0,
        "terminate_after": 1,
        "track_total_hits": 1,
    }


def _results(query: Query, answer: Any, terms: MeantTerms, took_ms: float) -> Results:
    found = answer["hits"]["hits"]
    page, more = found[: query.limit], found[query.limit :]
    counted = answer.get("aggregations", {})
    phrases, days = (counted.get(name, {}).get("buckets", []) for name in ("phrases", "days"))
    return Results(
        total=answer["hits"]["total"]["value"],
        took_ms=took_ms,
        hits=tuple(
            hit_from_source(hit["_source"], float(hit["_score"] or 0.0), terms) for hit in page
        ),
        facets=tuple(Facet(bucket["key"], bucket["doc_count"]) for bucket in phrases),
        days=tuple(DayCount(_day(bucket["key"]), bucket["doc_count"]) for bucket in days),
        next=_place(query, page) if more and page else None,
    )


def _day(milliseconds: int) -> date:
    return (datetime(1970, 1, 1) + timedelta(milliseconds=milliseconds)).date()


def _place(query: Query, page: list[Any]) -> Place:
    value, id = page[-1]["sort"]
    before = query.after.position if query.after is not None else 0
    return Place(None if value == _NO_DATE else value, id, before + len(page))


def _clauses(query: Query, words: list[QueryWord], misspelt: Collection[str]) -> dict[str, Any]:
    # A filter of its own even where nothing is asked, so that such a hit scores 0, not 1.
    clauses: dict[str, Any] = {"filter": filters_of(query) or [{"match_all": {}}]}
    if words:
        meant = [
            _nearly(word.term, query.boosts)
            if word.term in misspelt
            else _anywhere(word, query.boosts)
            for word in words
        ]
        enough = {
            "should": meant,
            "minimum_should_match": query.enough_words or required_words(len(words)),
        }
        clauses["must"] = [{"bool": enough}]
    if ranked := ranking_words(query.where):
        clauses["should"] = [_anywhere(word, query.boosts) for word in ranked]
        clauses["minimum_should_match"] = 0
    return clauses


def _anywhere(word: QueryWord, boosts: Mapping[str, float]) -> dict[str, Any]:
    """The word in any field; a sum over fields, as the embedded engine has it."""
    matches = [
        {"match": {name: {"query": word.raw, "operator": "and", "boost": boost}}}
        for name, boost in boosts.items()
    ]
    return {"bool": {"should": matches}}


def _nearly(term: str, boosts: Mapping[str, float]) -> dict[str, Any]:
    """A term that is spelled nearly so in any field; how nearly and how often does not weigh."""
    fields = [
        {
            "fuzzy": {
                name: {
                    "value": term,
                    "fuzziness": allowed_edits(term),
                    "rewrite": "constant_score",
                    "boost": boost,
                }
            }
        }
        for name, boost in boosts.items()
    ]
    return {"bool": {"should": fields}}
