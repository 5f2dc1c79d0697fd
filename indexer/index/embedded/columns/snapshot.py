"""A snapshot of a table: one committed state, under a name that only this state has."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import tantivy

from indexer.index.embedded.columns.arrays import Array
from indexer.index.embedded.table import Table

_META = "meta.json"
_PAGE = 100_000
"""Addresses asked for at once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    name: str
    searcher: tantivy.Searcher
    sizes: Sequence[int]
    """Rows of each segment, those that are deleted among them."""
    deletes: Sequence[int]
    """Those that are deleted."""

    @property
    def rows(self) -> int:
        return sum(self.sizes)

    def alive(self) -> Array:
        """Which rows are not deleted; segment by segment."""
        if not any(self.deletes):
            return np.ones(self.rows, bool)
        begins = np.concatenate([[0], np.cumsum(self.sizes)]).astype(np.int64)
        alive = np.zeros(self.rows, bool)
        everything = tantivy.Query.all_query()
        for start in range(0, self.searcher.num_docs, _PAGE):
            page = self.searcher.search(everything, _PAGE, count=False, offset=start)
            for _, address in page.hits:
                alive[begins[address.segment_ord] + address.doc] = True
        return alive


Signature = tuple[int, int, int]


def signature(folder: Path) -> Signature:
    """Cheap to get, and another one after each change of the table."""
    stat = (folder / _META).stat()
    return stat.st_ino, stat.st_mtime_ns, stat.st_size


def snapshot(folder: Path, table: Table) -> Snapshot:
    """Of what is committed now; `folder` is the table's."""
    while True:
        before = signature(folder)
        segments = _segments(folder)
        searcher = table.searcher()
        # Another process may have committed in between.
        if signature(folder) == before:
            deletes = [(each["deletes"] or {}).get("num_deleted_docs", 0) for each in segments]
            return Snapshot(
                name=_name(segments),
                searcher=searcher,
                sizes=[each["max_doc"] for each in segments],
                deletes=deletes,
            )


def _segments(folder: Path) -> list[dict[str, Any]]:
    segments: list[dict[str, Any]] = json.loads((folder / _META).read_bytes())["segments"]
    return segments


def _name(segments: list[dict[str, Any]]) -> str:
    """Segments never change, and what is deleted of one has the number of the commit."""
    content = json.dumps(segments, sort_keys=True).encode()
    return sha256(content).hexdigest()[:32]
