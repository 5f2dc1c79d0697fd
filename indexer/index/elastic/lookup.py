"""What an index holds: looked up by id, listed, and searched."""

from __future__ import annotations

from typing import Any

from elasticsearch import Elasticsearch

from indexer.index.elastic.server import NotYetError, reason_of

_PAGE = 10_000
"""Ids of one search; as many as Elasticsearch gives."""


def look_up(
    client: Elasticsearch, index: str, ids: list[str], fields: list[str]
) -> list[dict[str, Any]] | None:
    """Answers to a multi-get; None if there is no such index.

    Raises `NotYetError` if a part has an error of its own, as while a shard moves.
    """
    answers: list[dict[str, Any]] = client.mget(index=index, ids=ids, source_includes=fields)[
        "docs"
    ]
    errors = [each["error"] for each in answers if "error" in each]
    if any(error.get("type") == "index_not_found_exception" for error in errors):
        return None
    if errors:
        raise NotYetError(reason_of(errors[0]))
    return answers


def ids_after(client: Elasticsearch, *, index: str, after: str) -> list[str]:
    """The next ids by their order."""
    answer = client.search(
        index=index,
        size=_PAGE,
        sort=[{"id": "asc"}],
        search_after=[after],
        source=False,
        track_total_hits=False,
        filter_path="hits.hits._id",
    )
    return [hit["_id"] for hit in answer.get("hits", {}).get("hits", [])]


def ask_at_once(client: Elasticsearch, index: str, bodies: list[dict[str, Any]]) -> list[Any]:
    """Answers to searches, in one request if all goes well; raises what a search raises."""
    if len(bodies) > 1:
        lines = [line for body in bodies for line in ({}, body)]
        answers: list[Any] = client.msearch(index=index, searches=lines)["responses"]
        if not any("error" in answer for answer in answers):
            return answers
    return [client.search(index=index, body=body).body for body in bodies]
