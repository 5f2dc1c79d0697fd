"""Posts counted by how well their picture fits their text."""

from __future__ import annotations

from dataclasses import replace

from indexer.index.condition import Every, IsAligned
from indexer.index.query import AlignmentCount, Query
from indexer.index.reader import Reader

_BOUNDS = (0.0, 0.2, 0.4, 0.6, 0.8)


def alignments(reader: Reader, query: Query) -> tuple[AlignmentCount, ...]:
    """Of all posts of a query that have an alignment, the best last; none if none has."""
    totals = [_total(reader, query, least) for least in _BOUNDS]
    if not totals[0]:
        return ()
    counts = [more - less for more, less in zip(totals, [*totals[1:], 0], strict=True)]
    ends = [*_BOUNDS[1:], 1.0]
    return tuple(map(AlignmentCount, _BOUNDS, ends, counts))


def _total(reader: Reader, query: Query, least: float) -> int:
    parts = [IsAligned(least)] if query.where is None else [query.where, IsAligned(least)]
    asked = replace(
        *(query,), where=Every(tuple(parts)), limit=0, after=None, facets=False, days=False
    )
    return reader.search(asked).total
