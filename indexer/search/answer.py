"""From what a person asks to a query, and from its results to the JSON that all front ends give."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from indexer.index.query import Query, Results
from posts.errors import InputError
from posts.phrases import display_form

MOST_HITS = 1_000


def query_of(
    words: str,
    *,
    phrases: Sequence[str] = (),
    since: str | None = None,
    limit: int = 10,
    facets: bool = False,
) -> Query:
    """A checked query; `InputError` says which argument is wrong."""
    if not 0 <= limit <= MOST_HITS:
        raise InputError(f"the limit must be between 0 and {MOST_HITS}, not {limit}")
    if not all(display_form(phrase) for phrase in phrases):
        raise InputError("a phrase to filter by must not be empty")
    return Query(
        words=words,
        phrases=tuple(phrases),
        since=None if since is None else parse_since(since),
        limit=limit,
        facets=facets,
    )


def parse_since(text: str) -> datetime:
    """An ISO 8601 date or time, in UTC; without a zone it is taken as UTC."""
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InputError(
            f"{text!r} is not a date; write it like 2026-11-21 or 2026-11-21T18:30:00+01:00"
        ) from error


def answer_of(results: Results) -> dict[str, Any]:
    """JSON-ready object, the same for both engines; `took_ms` in milliseconds."""
    return {
        "total": results.total,
        "took_ms": round(results.took_ms, 3),
        "hits": [
            {
                "id": hit.id,
                "score": hit.score,
                "text": hit.text,
                "keyphrases": [
                    {"phrase": keyphrase.phrase, "score": keyphrase.score}
                    for keyphrase in hit.keyphrases
                ],
                "highlight": hit.highlight,
            }
            for hit in results.hits
        ],
        "facets": {
            "keyphrases": [
                {"phrase": facet.phrase, "count": facet.count} for facet in results.facets
            ]
        },
    }
