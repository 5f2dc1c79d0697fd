"""Arrivals: which parts of the dump have come out of the pipeline, each once and none missing."""

from __future__ import annotations

import pyarrow as pa

from indexer.pipeline.packing import Part
from posts.errors import JobError, Reason


class Arrivals:
    """Counts what reaches the driver, apart from what becomes of it."""

    def __init__(self, fragments: int, with_id: int) -> None:
        """`fragments` of the dump, and how many of its posts have an id of their own."""
        self._seen: list[set[int]] = [set() for _ in range(fragments)]
        self._ends: dict[int, int] = {}
        self._with_id = with_id
        self._posts = 0
        self._without_id = 0
        self.has_broken_file = False
        """A file could not be read to its end: what posts it had behind that, nobody knows."""

    @property
    def total(self) -> int:
        """Posts of the dump; until the end those without an id are known only as they come."""
        return self._with_id + self._without_id

    def add(self, part: Part, table: pa.Table) -> None:
        """Takes a table of `FINISHED` columns; raises `JobError` if this part was here before."""
        seen = self._seen[part.fragment]
        if part.number in seen:
            raise JobError(
                f"part {part.number} of fragment {part.fragment} came twice; run again to resume"
            )
        seen.add(part.number)
        if part.last:
            self._ends[part.fragment] = part.number
        self._posts += len(table)
        self._without_id += table.column("id").to_pylist().count("")
        if Reason.BROKEN_FILE in table.column("error_reason").to_pylist():
            self.has_broken_file = True

    def check(self, committed: int) -> None:
        """At the end: raises `JobError` unless every post came, and was committed."""
        missing = sum(
            self._ends.get(fragment) is None or len(seen) != self._ends[fragment] + 1
            for fragment, seen in enumerate(self._seen)
        )
        if missing or self._posts != self.total or committed != self.total:
            raise JobError(
                f"of {self.total:,} posts {self._posts:,} came through the pipeline and "
                f"{committed:,} were committed, with {missing:,} of {len(self._seen):,} fragments "
                "incomplete; run again to resume"
            )
