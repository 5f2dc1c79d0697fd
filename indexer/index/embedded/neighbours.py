"""Neighbours: the posts nearest to a vector, of those that meet conditions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tantivy

from indexer.index.embedded.conditions import conditions_of
from indexer.index.embedded.space import Space
from indexer.index.embedded.table import KEY, Table
from indexer.index.query import Query
from indexer.index.vectors import STORED

_FEW = 20_000
"""Posts that meet the conditions, which are then compared alone; and neighbours looked at, from
which on those that meet the conditions are compared alone however many they are."""
_WIDER = 8
"""Times as many neighbours are looked at, where too few of them meet the conditions."""


def nearest(
    table: Table, space: Space, vector: Sequence[float], query: Query, count: int
) -> list[str]:
    """As `indexer.index.reader.Reader.nearest` says."""
    wanted = np.asarray(vector, STORED)
    searcher = table.searcher()
    meeting = 0
    conditions = [(tantivy.Occur.Must, each) for each in conditions_of(table.schema, query)]
    if conditions:
        asked = tantivy.Query.boolean_query(conditions)
        meeting = int(searcher.search(asked, 1).count)
        if meeting <= _FEW:
            among = _keys(searcher, asked, meeting)
            return [each.id for each in space.nearest(wanted, count, among)]
    looked_at = 2 * count
    while True:
        near = [each.id for each in space.nearest(wanted, looked_at)]
        # Some may have left the table since its vectors were gathered.
        there = tantivy.Query.term_set_query(table.schema, KEY, near)
        asked = tantivy.Query.boolean_query([(tantivy.Occur.Must, there), *conditions])
        meeting_ids = set(_keys(searcher, asked, len(near)))
        if len(meeting_ids) >= count or looked_at >= len(space):
            return [id for id in near if id in meeting_ids][:count]
        looked_at *= _WIDER
        if conditions and looked_at > _FEW:
            among = _keys(searcher, tantivy.Query.boolean_query(conditions), meeting)
            return [each.id for each in space.nearest(wanted, count, among)]


def _keys(searcher: tantivy.Searcher, asked: tantivy.Query, count: int) -> list[str]:
    if not count:
        return []
    found = searcher.search(asked, count, count=False, order_by_field=KEY)
    return [str(key) for key, _ in found.hits]
