"""Neighbours: vectors in Elasticsearch, and the posts nearest to one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from indexer.index.elastic.conditions import filters_of
from indexer.index.query import Query
from indexer.index.vectors import Modality

_LOOKED_AT = 10
"""Times as many candidates as neighbours that are wanted: more miss fewer, and take longer."""
_MOST_LOOKED_AT = 10_000
"""As many as Elasticsearch allows."""


def vector_fields(dimensions: int) -> dict[str, Any]:
    """Mappings of the vectors of posts; none for 0."""
    if not dimensions:
        return {}
    field = {"type": "dense_vector", "dims": dimensions, "index": True, "similarity": "cosine"}
    return {each.field: field for each in Modality}


def nearest(
    ask: Callable[[list[dict[str, Any]]], list[Any]],
    vector: Sequence[float],
    modality: Modality,
    query: Query,
    count: int,
) -> list[str]:
    """As `indexer.index.reader.Reader.nearest` says, found by its graph: of many posts it may
    miss one. Needs a server of version 8.4 or later."""
    neighbours = {
        "field": modality.field,
        "query_vector": list(vector),
        "k": count,
        "num_candidates": min(count * _LOOKED_AT, _MOST_LOOKED_AT),
        "filter": filters_of(query),
    }
    body = {
        "knn": neighbours,
        "size": count,
        "sort": [{"_score": "desc"}, {"id": "asc"}],
        "_source": ["id"],
        "track_total_hits": False,
    }
    (answer,) = ask([body])
    return [hit["_source"]["id"] for hit in answer["hits"]["hits"]]
