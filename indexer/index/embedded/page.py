"""A page of hits: in a fixed order, from any place on."""

from __future__ import annotations

import math
from typing import Any

import tantivy

from indexer.index.embedded.rows import CREATED_AT
from indexer.index.embedded.table import KEY, read_source
from indexer.index.query import Place, Query


class Found:
    """A hit of which no more has been read than its order takes."""

    def __init__(
        self,
        address: tantivy.DocAddress,
        score: float,
        value: float | None,
        id: str | None = None,
    ) -> None:
        """`value`: what it is ordered by, its score or date; `id`: if it is known already."""
        self.score = score
        self.value = value
        self._id = id
        self._address = address
        self._source: dict[str, Any] | None = None

    def source(self, searcher: tantivy.Searcher) -> dict[str, Any]:
        if self._source is None:
            self._source = read_source(searcher, self._address)
        return self._source

    def id(self, searcher: tantivy.Searcher) -> str:
        if self._id is None:
            self._id = str(self.source(searcher)["id"])
        return self._id

    def place(self, searcher: tantivy.Searcher, query: Query, read: int) -> Place:
        """Right behind it, if it is the last of so many that were `read` for the query."""
        before = query.after.position if query.after is not None else 0
        return Place(self.value, self.id(searcher), before + read)


def page(
    searcher: tantivy.Searcher, asked: tantivy.Query, query: Query, *, ranked: bool
) -> tuple[int, list[Found]]:
    """How many hits there are, and those of the page with one more, if there is one."""
    wanted = query.limit + 1 if query.limit else 0
    start = query.after.position if query.after is not None else 0
    fetch = max(start + wanted, 1)
    while True:
        total, found = _first(searcher, asked, query, fetch, ranked=ranked)
        whole = len(found) < fetch
        if ranked or query.newest_first:
            # The last value may go on beyond the last hit; the smallest ids may be there.
            found = found if whole else [each for each in found if each.value != found[-1].value]
        behind = [each for each in found if _is_behind(searcher, each, query.after)]
        if whole or len(behind) >= wanted:
            return total, _in_order(searcher, behind, wanted)
        fetch *= 4


def _first(
    searcher: tantivy.Searcher, asked: tantivy.Query, query: Query, count: int, *, ranked: bool
) -> tuple[int, list[Found]]:
    """The first hits by date, by score or, where nothing is ranked, by id."""
    if query.newest_first:
        result = searcher.search(asked, count, order_by_field=CREATED_AT)
        return result.count, [Found(address, 0.0, value) for value, address in result.hits]
    if ranked:
        result = searcher.search(asked, count)
        return result.count, [Found(address, score, score) for score, address in result.hits]
    result = searcher.search(asked, count, order_by_field=KEY, order=tantivy.Order.Asc)
    return result.count, [Found(address, 0.0, 0.0, str(key)) for key, address in result.hits]


def _is_behind(searcher: tantivy.Searcher, found: Found, place: Place | None) -> bool:
    if place is None:
        return True
    if found.value != place.value:
        return _rank(found) > _rank(place)
    return found.id(searcher) > place.id


def _in_order(searcher: tantivy.Searcher, found: list[Found], count: int) -> list[Found]:
    """The first so many by value and id; ids are read only where values are alike."""
    if len(found) > count > 0:
        worst = _rank(found[count - 1])
        found = [each for each in found if _rank(each) <= worst]
    if len({each.value for each in found}) < len(found):
        found.sort(key=lambda each: (_rank(each), each.id(searcher)))
    return found[:count]


def _rank(of: Found | Place) -> float:
    """Falling values, none of which is last."""
    return math.inf if of.value is None else -of.value
