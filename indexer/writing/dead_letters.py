"""The dead letters of one run as a Parquet file, for people and for other programs.

The index keeps its own; this is an export, with those that earlier runs had met already.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from indexer.index.records import DeadLetter
from posts.errors import Reason
from posts.files import open_files

SCHEMA = pa.schema(
    [
        pa.field("key", pa.string(), nullable=False),
        pa.field("id", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("detail", pa.string(), nullable=False),
        pa.field("transient", pa.bool_(), nullable=False),
        pa.field("generation", pa.string(), nullable=False),
        pa.field("run", pa.string(), nullable=False),
        pa.field("at", pa.timestamp("us", tz="UTC"), nullable=False),
    ]
)
"""See `indexer.index.records.DeadLetter` for what they mean."""


class DeadLetterFile:
    """Gathers letters on disk, and puts them in place as `URI/RUN.parquet` when closed."""

    def __init__(self, uri: str | None, run: str) -> None:
        """`uri`: folder or s3:// prefix; None: nothing is kept."""
        self._files = None if uri is None else open_files(uri)
        self._name = f"{run}.parquet"
        self._open = contextlib.ExitStack()
        self._writer: pq.ParquetWriter | None = None
        if self._files is not None:
            folder = self._open.enter_context(tempfile.TemporaryDirectory(prefix="dead-letters-"))
            self._draft = Path(folder) / self._name
            self._writer = pq.ParquetWriter(self._draft, SCHEMA, compression="zstd")

    @property
    def location(self) -> str | None:
        """Where the file is or will be."""
        return None if self._files is None else f"{self._files.root}/{self._name}"

    def add(self, letters: Sequence[DeadLetter]) -> None:
        if self._writer is not None and letters:
            rows = [{name: getattr(letter, name) for name in SCHEMA.names} for letter in letters]
            for row in rows:
                row["reason"] = str(row["reason"])
            self._writer.write_table(pa.Table.from_pylist(rows, schema=SCHEMA))

    def close(self) -> None:
        """Puts the file in place, also if it has no letters."""
        with self._open:
            if self._writer is not None and self._files is not None:
                self._writer.close()
                self._writer = None
                self._files.write(self._name, self._draft.read_bytes())


def read_dead_letters(location: str) -> list[DeadLetter]:
    """The letters of a file that `DeadLetterFile` left, by its location."""
    folder, _, name = location.rpartition("/")
    table = pq.read_table(pa.BufferReader(open_files(folder).read(name)))
    return [
        DeadLetter(**row | {"reason": Reason(row["reason"])})
        for row in table.select(SCHEMA.names).to_pylist()
    ]
