"""A space: the vectors of one part of posts, and which of them are nearest to another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numkong
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from indexer.index.vectors import STORED

_ID, _VECTOR, _COMMIT = "id", "vector", b"commit"

Batch = tuple[Sequence[str], Sequence[bytes]]
"""Ids, and vectors in half precision, as `indexer.index.vectors.decoded_vector` gives them."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    id: str
    similarity: float
    """Cosine."""


class Space:
    """Compared one by one, so that nothing near is missed: numkong does it with the processor's
    vector instructions, over a file that is mapped and not read. 70 ms of a core for a million
    vectors of 128 dimensions."""

    def __init__(self, table: pa.Table, dimensions: int) -> None:
        self._batches = table.to_batches()
        self._dimensions = dimensions
        self.commit = _commit_of(table.schema)

    def __len__(self) -> int:
        return sum(len(batch) for batch in self._batches)

    def nearest(
        self, vector: NDArray[np.float16], count: int, among: Sequence[str] | None = None
    ) -> list[Neighbour]:
        """The nearest ones, ties in order of the id; `among`: of these ids alone."""
        wanted = None if among is None else pa.array(among, pa.string())
        of_batches = [self._cosines(batch, vector, wanted) for batch in self._batches]
        cosines = np.concatenate([cosines for _, cosines in of_batches] or [np.zeros(0)])
        starts = np.cumsum([0, *(len(rows) for rows, _ in of_batches)])
        found = []
        for place in _greatest(cosines, count).tolist():
            number = int(np.searchsorted(starts, place, side="right")) - 1
            row = of_batches[number][0][place - starts[number]]
            id = self._batches[number].column(_ID)[int(row)].as_py()
            found.append(Neighbour(id, float(cosines[place])))
        return sorted(found, key=lambda each: (-each.similarity, each.id))

    def _cosines(
        self, batch: pa.RecordBatch, vector: NDArray[np.float16], wanted: pa.Array | None
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Rows of the batch that are wanted, and the cosine of each."""
        matrix = _matrix(batch.column(_VECTOR), self._dimensions)
        rows = np.arange(len(batch))
        if wanted is not None:
            is_wanted = pc.is_in(batch.column(_ID), value_set=wanted)
            rows = np.flatnonzero(is_wanted.to_numpy(zero_copy_only=False))
            matrix = matrix[rows]
        if not len(rows):
            return rows, np.zeros(0)
        return rows, np.asarray(numkong.cdist(vector.reshape(1, -1), matrix, metric="dot")).ravel()


def _greatest(values: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """Places of the greatest ones; of those that are equal to the last one the first."""
    places = np.arange(len(values))
    if len(values) > count:
        last = np.partition(values, -count)[-count]
        above, level = np.flatnonzero(values > last), np.flatnonzero(values == last)
        places = np.concatenate([above, level[: count - len(above)]])
    return places


class SpaceWriter:
    """Writes a space to a file, which appears when it is whole."""

    def __init__(self, path: Path, dimensions: int, commit: str) -> None:
        self._path = path
        self._draft = path.with_name(path.name + ".new")
        self._schema = _schema(dimensions, commit)
        self._file = pa.OSFile(str(self._draft), "wb")
        self._writer = pa.ipc.new_file(self._file, self._schema)

    def add(self, batch: Batch) -> None:
        self._writer.write_batch(_record_batch(batch, self._schema))

    def close(self) -> None:
        self._writer.close()
        self._file.close()
        self._draft.replace(self._path)

    def discard(self) -> None:
        self._file.close()
        self._draft.unlink(missing_ok=True)


def space_of(batches: Sequence[Batch], dimensions: int, commit: str) -> Space:
    """In memory."""
    schema = _schema(dimensions, commit)
    table = pa.Table.from_batches([_record_batch(each, schema) for each in batches], schema)
    return Space(table, dimensions)


def open_space(path: Path, dimensions: int) -> Space | None:
    """Mapped; None: there is none, or it is not whole."""
    try:
        with pa.memory_map(str(path)) as file:
            return Space(pa.ipc.open_file(file).read_all(), dimensions)
    except (OSError, pa.ArrowInvalid):
        return None


def _schema(dimensions: int, commit: str) -> pa.Schema:
    fields = [(_ID, pa.string()), (_VECTOR, pa.binary(dimensions * STORED.itemsize))]
    return pa.schema(fields, metadata={_COMMIT: commit.encode()})


def _commit_of(schema: pa.Schema) -> str:
    return str((schema.metadata or {}).get(_COMMIT, b"").decode())


def _record_batch(batch: Batch, schema: pa.Schema) -> pa.RecordBatch:
    ids, vectors = batch
    columns = [pa.array(ids, schema.field(_ID).type), pa.array(vectors, schema.field(_VECTOR).type)]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _matrix(vectors: pa.Array, dimensions: int) -> NDArray[np.float16]:
    """(rows, dimensions), without a copy."""
    flat: NDArray[np.float16] = np.frombuffer(vectors.buffers()[1], STORED)
    start = vectors.offset * dimensions
    return flat[start : start + len(vectors) * dimensions].reshape(-1, dimensions)
