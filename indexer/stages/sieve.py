"""Sieve: parts the posts of a fragment into tables for the model and tables that do not need it.

The model gets full tables, however few posts of a dump are new, and what needs no model crosses
Ray in tables as large as they were read, for each table costs Ray the same (`docs/scaling.md`).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from indexer.pipeline.packing import Part
from indexer.pipeline.verdicts import Verdicts
from indexer.stages.columns import ASKED, Action
from posts.post import Post

_BYTES = 16_000_000
"""Of pictures and texts in one table for the model; it has at least one post."""

Batch = tuple[Sequence[Post], pa.Table]
"""Posts and, a row for each, a table of `ASKED`."""


class Sieve:
    """Takes the batches of a fragment; gives tables of `ASKED` and which part each is.

    `rows` posts, where each picture of one with several counts as a post, or about 16 MB of them,
    are in a table for the model; posts without work stay in
    the batch that they were read in. Where tables end follows from the dump and the first verdict
    alone, so a task that is done again gives the same ones.
    """

    def __init__(self, verdicts: Verdicts, rows: int) -> None:
        self._verdicts = verdicts
        self._rows = rows

    def __call__(self, fragment: int, batches: Iterable[Batch]) -> Iterator[tuple[Part, pa.Table]]:
        numbers = itertools.count()

        def part(*, last: bool = False) -> Part:
            return Part(fragment=fragment, number=next(numbers), last=last)

        gathered = _Gathered(self._rows)
        rest = ASKED.empty_table()
        for batch, (posts, asked) in enumerate(batches):
            if len(rest):
                yield part(), rest
            needs = self._needs(fragment, batch, asked)
            # As they were read: what was asked may lack text and picture another time.
            wanted = [post for post, needed in zip(posts, needs, strict=True) if needed]
            for table in gathered.add(asked.filter(needs), wanted):
                yield part(), table
            rest = asked.filter(~needs)
        for table in gathered.left():
            yield part(), table
        yield part(last=True), rest

    def _needs(self, fragment: int, batch: int, asked: pa.Table) -> npt.NDArray[np.bool_]:
        """For each row: did it need the model when it was first asked?"""
        found = pc.equal(asked.column("action"), Action.GENERATE).to_numpy()
        first = self._verdicts.first(fragment, batch, np.packbits(found).tobytes())
        bits = np.unpackbits(np.frombuffer(first, np.uint8), count=len(found))
        return bits.astype(np.bool_)


class _Gathered:
    """Rows that wait until they fill a table."""

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._tables: list[pa.Table] = []
        self._count = self._bytes = 0

    def add(self, table: pa.Table, posts: Sequence[Post]) -> Iterator[pa.Table]:
        """The tables that the rows fill, which are of these posts."""
        begin = 0
        for end, post in enumerate(posts, start=1):
            self._count += max(1, len(post.pictures))
            self._bytes += post.size
            if self._count >= self._rows or self._bytes >= _BYTES:
                self._tables.append(table.slice(begin, end - begin))
                yield from self.left()
                begin = end
        self._tables.append(table.slice(begin))

    def left(self) -> Iterator[pa.Table]:
        """What has not filled a table, if there is anything."""
        if self._count:
            yield pa.concat_tables(self._tables)
        self._tables, self._count, self._bytes = [], 0, 0
