"""Sieve: parts the posts of a fragment into tables for the model and tables that do not need it.

The model gets full tables, however few posts of a dump are new, and what needs no model crosses
Ray in large ones, for each table costs Ray the same (`docs/scaling.md`).
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
from indexer.stages.columns import ASKED, Action, dead
from posts.errors import PostError, Reason
from posts.post import Post

_BYTES = 16_000_000
"""Of pictures and texts in one table for the model, which has at least one post; and about so much
of extra fields in one of posts without work, which have neither texts nor pictures any more."""
_BATCHES = 8
"""Whose posts without work are in one table."""
_NOT_AT_FIRST = PostError(
    Reason.PICTURE_UNAVAILABLE, "it was not to be had when the run first looked", transient=True
)

Batch = tuple[Sequence[Post], pa.Table]
"""Posts and, a row for each, a table of `ASKED`."""


class Sieve:
    """Takes the batches of a fragment; gives tables of `ASKED` and which part each is.

    `rows` posts, where each picture of one with several counts as a post, or about 16 MB of them,
    are in a table for the model; posts without work are in one for every few batches. Where tables
    end follows from the dump and the first verdict alone, so a task that is done again gives the
    same ones.
    """

    def __init__(self, verdicts: Verdicts, rows: int) -> None:
        self._verdicts = verdicts
        self._rows = rows

    def __call__(self, fragment: int, batches: Iterable[Batch]) -> Iterator[tuple[Part, pa.Table]]:
        numbers = itertools.count()

        def part(*, last: bool = False) -> Part:
            return Part(fragment=fragment, number=next(numbers), last=last)

        gathered, rest = _Gathered(self._rows), _Rest()
        for batch, (posts, asked) in enumerate(batches):
            for table in rest.full():
                yield part(), table
            needs = self._needs(fragment, batch, asked)
            # As they were read: what was asked may lack text and picture another time.
            wanted = [post for post, needed in zip(posts, needs, strict=True) if needed]
            others = [post for post, needed in zip(posts, needs, strict=True) if not needed]
            for table in gathered.add(asked.filter(needs), wanted):
                yield part(), table
            rest.add(_without_work(asked.filter(~needs)), others)
        for table in gathered.left():
            yield part(), table
        yield part(last=True), rest.left()

    def _needs(self, fragment: int, batch: int, asked: pa.Table) -> npt.NDArray[np.bool_]:
        """For each row: did it need the model when it was first asked?"""
        found = pc.equal(asked.column("action"), Action.GENERATE).to_numpy()
        first = self._verdicts.first(fragment, batch, np.packbits(found).tobytes())
        bits = np.unpackbits(np.frombuffer(first, np.uint8), count=len(found))
        return bits.astype(np.bool_)


def _without_work(asked: pa.Table) -> pa.Table:
    """The rows, of which those that need the model now and did not at first wait for the next run:
    a table of so many would be no bounded work."""
    if Action.GENERATE not in asked.column("action").to_pylist():
        return asked
    nothing = {"image": None, "images": None, **dead(_NOT_AT_FIRST)}
    rows = [row | nothing if row["action"] == Action.GENERATE else row for row in asked.to_pylist()]
    return pa.Table.from_pylist(rows, schema=asked.schema)


class _Rest:
    """Rows without work that wait until there are enough for a table."""

    def __init__(self) -> None:
        self._tables = [ASKED.empty_table()]
        self._bytes = 0

    def add(self, table: pa.Table, posts: Sequence[Post]) -> None:
        """A batch's rows, which are of these posts."""
        self._tables.append(table)
        self._bytes += sum(post.extra_size for post in posts)

    def full(self) -> Iterator[pa.Table]:
        """One if there are enough."""
        if len(self._tables) > _BATCHES or self._bytes >= _BYTES:
            table = self.left()
            if len(table):
                yield table

    def left(self) -> pa.Table:
        """All that has not been given yet."""
        table = pa.concat_tables(self._tables)
        self._tables, self._bytes = [ASKED.empty_table()], 0
        return table


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
