"""Conditions as filters of Elasticsearch, where nothing weighs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from indexer.index.analysis import valid_unicode
from indexer.index.condition import (
    Condition,
    Either,
    Every,
    HasId,
    HasKeyphrase,
    HasPicture,
    HasWords,
    IsAligned,
    Not,
)
from indexer.index.query import Query
from indexer.index.stored import hundredths, scored_phrase
from posts.phrases import display_form

Filter = dict[str, Any]


def filters_of(query: Query) -> list[Filter]:
    """All that a post must be, but for the words."""
    found = []
    if query.where is not None:
        found.append(_filter(query.where, query))
    if query.since is not None or query.until is not None:
        bounds = {"gte": query.since, "lt": query.until}
        moments = {name: _utc(moment) for name, moment in bounds.items() if moment is not None}
        found.append({"range": {"created_at": moments}})
    if query.least_score is not None:
        found.append({"range": {"best_score": {"gte": hundredths(query.least_score)}}})
    return found


def _filter(asked: Condition, query: Query) -> Filter:
    match asked:
        case HasKeyphrase(phrase):
            return _has_keyphrase(valid_unicode(display_form(phrase)), query.least_score)
        case HasWords(text):
            words = {"query": valid_unicode(text)}
            return _any_of([{"match_phrase": {name: words}} for name in query.boosts])
        case HasId(id):
            return {"term": {"id": id}}
        case HasPicture():
            return {"term": {"has_picture": True}}
        case IsAligned(least):
            return {"range": {"aligned": {"gte": hundredths(least)}}}
        case Every(parts):
            return {"bool": {"filter": [_filter(part, query) for part in parts]}}
        case Either(parts):
            return _any_of([_filter(part, query) for part in parts])
        case Not(part):
            return {"bool": {"must_not": [_filter(part, query)]}}


def _has_keyphrase(phrase: str, least: float | None) -> Filter:
    if least is None:
        return {"term": {"keyphrases": phrase}}
    scores = range(hundredths(least), 101)
    return {"terms": {"scored_keyphrases": [scored_phrase(phrase, score) for score in scores]}}


def _any_of(filters: list[Filter]) -> Filter:
    return (
        {"bool": {"should": filters, "minimum_should_match": 1}} if filters else {"match_none": {}}
    )


def _utc(moment: datetime) -> str:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()
