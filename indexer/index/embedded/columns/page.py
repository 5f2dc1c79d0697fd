"""A page of hits: in a fixed order, from any place on."""

from __future__ import annotations

import numpy as np

from indexer.index.embedded.columns.arrays import Array
from indexer.index.embedded.columns.columns import Columns
from indexer.index.embedded.columns.harvest import NO_DATE
from indexer.index.query import Place, Query

_BLOCK = 256
"""Hits of which only the best one is looked at, unless it is good enough."""
_MANY = 50


def page(columns: Columns, hits: Array, impacts: Array | None, query: Query) -> Array:
    """Indices of the hits of the page, and of one more, if there is one.

    `impacts`: None where nothing is ranked.
    """
    wanted = query.limit + 1 if query.limit else 0
    values = columns.arrays["created"][hits] if query.newest_first else impacts
    if values is None:
        begin = 0 if query.after is None else _unranked_before(columns, hits, query.after)
        return np.arange(begin, min(begin + wanted, len(hits)))
    if query.after is None:
        return _best(values, wanted)
    behind = np.flatnonzero(_is_behind(columns, hits, values, query))
    return behind[_best(values[behind], wanted)]


def place_of(columns: Columns, post: int, impact: float, query: Query, read: int) -> Place:
    """Right behind a hit, the last of so many that were `read` for the query."""
    before = query.after.position if query.after is not None else 0
    value: float | None = impact
    if query.newest_first:
        created = int(columns.arrays["created"][post])
        value = None if created == NO_DATE else created
    return Place(value, columns.ids[post], before + read)


def _unranked_before(columns: Columns, hits: Array, place: Place) -> int:
    """How many hits, all of value 0 and in order of their ids, are not behind the place."""
    if place.value is None or place.value < 0:
        return len(hits)
    if place.value > 0:
        return 0
    return int(np.searchsorted(hits, columns.ids.up_to(place.id)))


def _is_behind(columns: Columns, hits: Array, values: Array, query: Query) -> Array:
    place = query.after
    if place is None:
        return np.ones(len(hits), bool)
    lowest = NO_DATE if query.newest_first else -np.inf
    value = lowest if place.value is None else place.value
    later = hits >= columns.ids.up_to(place.id)
    behind: Array = (values < value) | ((values == value) & later)
    return behind


def _best(values: Array, count: int) -> Array:
    """Indices of the greatest ones, of equal ones the first, in that order."""
    if count == 0:
        return np.zeros(0, np.int64)
    blocks = len(values) // _BLOCK
    candidates = np.arange(len(values))
    if blocks > count:
        # As many as are wanted are no less than the best of so many blocks.
        tops = values[: blocks * _BLOCK].reshape(blocks, _BLOCK).max(axis=1)
        candidates = np.flatnonzero(values >= np.partition(tops, -count)[-count])
    if len(candidates) > _MANY * count:
        # Many are alike: the first ones of the last value do.
        least = np.partition(values[candidates], -count)[-count]
        above = candidates[values[candidates] > least]
        level = candidates[values[candidates] == least]
        candidates = np.sort(np.concatenate([above, level[: count - len(above)]]))
    # As Python's numbers, for the least of 64 bits has no opposite among these.
    pairs = zip(values[candidates].tolist(), candidates.tolist(), strict=True)
    best = sorted(pairs, key=lambda pair: (-pair[0], pair[1]))[:count]
    return np.array([index for _, index in best], np.int64)
