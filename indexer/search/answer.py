"""From what a person asks to a query, and from its results to the JSON that all front ends give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from indexer.index.condition import Condition, Every, HasKeyphrase
from indexer.index.query import Hit, Query, Results
from indexer.search.dates import parse_since
from indexer.search.language import parse
from indexer.search.places import place_from_text, place_to_text
from indexer.search.timeline import Timeline, timeline
from posts.errors import InputError
from posts.phrases import display_form

MOST_HITS = 1_000


def query_of(
    query: str,
    *,
    phrases: Sequence[str] = (),
    since: str | None = None,
    limit: int = 10,
    after: str | None = None,
    facets: bool = False,
    days: bool = False,
) -> Query:
    """A checked query in the query language, with more conditions beside it.

    `after`: where an answer's `next` has led. Raises `InputError` that says what is wrong, and
    `QueryError`, which is one, at a place in the query.
    """
    if not 0 <= limit <= MOST_HITS:
        raise InputError(f"the limit must be between 0 and {MOST_HITS}, not {limit}")
    if not all(display_form(phrase) for phrase in phrases):
        raise InputError("a phrase to filter by must not be empty")
    parsed = parse(query)
    conditions: list[Condition] = [HasKeyphrase(phrase) for phrase in phrases]
    if parsed.where is not None:
        conditions.append(parsed.where)
    return Query(
        words=parsed.words,
        where=Every(tuple(conditions)) if conditions else None,
        since=_later(parsed.since, None if since is None else parse_since(since)),
        until=parsed.until,
        least_score=parsed.score,
        within=parsed.within,
        newest_first=bool(parsed.newest_first),
        limit=limit,
        after=None if after is None else place_from_text(after),
        facets=facets,
        days=days,
    )


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((each for each in (one, other) if each is not None), default=None)


def answer_of(results: Results) -> dict[str, Any]:
    """JSON-ready object, the same for both engines; `took_ms` in milliseconds.

    `next`, where there are more hits, is what the next page is asked with. `dates`, where days
    were counted and any post has one, is a timeline of few bars.
    """
    answer: dict[str, Any] = {
        "total": results.total,
        "took_ms": round(results.took_ms, 3),
        "hits": [hit_answer(hit) for hit in results.hits],
        "facets": {
            "keyphrases": [
                {"phrase": facet.phrase, "count": facet.count} for facet in results.facets
            ]
        },
    }
    if results.alignments:
        answer["facets"]["alignment"] = [asdict(each) for each in results.alignments]
    if results.days:
        answer["dates"] = _dates(timeline(results.days))
    if results.next is not None:
        answer["next"] = place_to_text(results.next)
    return answer


def hit_answer(hit: Hit) -> dict[str, Any]:
    """One hit as JSON-ready object, without the other fields of the dump."""
    answer: dict[str, Any] = {
        "id": hit.id,
        "score": hit.score,
        "text": hit.text,
        "keyphrases": [
            {"phrase": keyphrase.phrase, "score": keyphrase.score} for keyphrase in hit.keyphrases
        ],
        "highlight": hit.highlight,
        "created_at": None if hit.created_at is None else hit.created_at.isoformat(),
        "has_picture": hit.has_picture,
    }
    if hit.alignment is not None:
        answer["alignment"] = hit.alignment
    if hit.picture_dropped:
        answer["picture_dropped"] = True
    if hit.summary is not None:
        answer["summary"] = hit.summary
    return answer


def _dates(line: Timeline) -> dict[str, Any]:
    bars = [
        {"start": bar.start.isoformat(), "until": bar.until.isoformat(), "count": bar.count}
        for bar in line.bars
    ]
    return {"unit": str(line.unit), "bars": bars}
