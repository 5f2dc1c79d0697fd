"""Parquet: a post per row, pictures inside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from posts.files import FileInfo, Files
from posts.fragment import Fragment
from posts.pictures import PictureLimits
from posts.post import Post
from posts.readers.base import FRAGMENT_BYTES, broken_file, raise_if_unreachable
from posts.records import broken, known_id, parse_record

_BATCH_BYTES = 8 << 20
"""About how much is decoded at a time."""
_BATCH_ROWS = 1024
_ID_ROWS = 8192
_BUFFER = 4 << 20


class ParquetReader:
    """Reads `.parquet` by row groups, small ones taken together."""

    suffixes: tuple[str, ...] = (".parquet",)

    def is_readable(self, files: Files, info: FileInfo) -> bool:
        try:
            with _opened(files, info.name):
                return True
        except _NOT_PARQUET as error:
            raise_if_unreachable(error)
            return False

    def cut(self, files: Files, info: FileInfo) -> list[tuple[int, int, int]]:
        try:
            with _opened(files, info.name) as parquet:
                return _groups_together(parquet.metadata)
        except _NOT_PARQUET as error:
            raise_if_unreachable(error)
            # Reading the empty fragment tells what is wrong, as the error of one post.
            return [(0, 0, info.size)]

    def read(self, files: Files, fragment: Fragment, _limits: PictureLimits) -> Iterator[Post]:
        row = 0
        try:
            with _opened(files, fragment.name) as parquet:
                row = _rows_before(parquet.metadata, fragment.start)
                for batch in _batches(
                    parquet, fragment, _rows_at_a_time(parquet.metadata, fragment)
                ):
                    for record in _records(_in_microseconds(batch)):
                        row += 1
                        yield _post(record, f"{fragment.name}:{row}")
        except _NOT_PARQUET as error:
            raise_if_unreachable(error)
            source = f"{fragment.name}:{row + 1}" if row else fragment.name
            yield broken_file(source, "the Parquet file cannot be read", error)

    def ids(self, files: Files, fragment: Fragment) -> Iterator[tuple[str, str]]:
        try:
            with _opened(files, fragment.name) as parquet:
                row = _rows_before(parquet.metadata, fragment.start)
                for batch in _batches(parquet, fragment, _ID_ROWS, columns=["id"]):
                    for record in _records(batch):
                        row += 1
                        post_id = known_id(record)
                        if post_id:
                            yield post_id, f"{fragment.name}:{row}"
        except _NOT_PARQUET as error:
            raise_if_unreachable(error)


class _BadRow(dict[str, Any]):
    """A row that Arrow cannot turn into Python values; holds its id, if that much is possible."""

    def __init__(self, known: dict[str, Any], why: str) -> None:
        super().__init__(known)
        self.why = why


_BAD_VALUE = (pa.ArrowException, ValueError, OverflowError)
_NOT_PARQUET = (pa.ArrowException, ValueError, OverflowError, OSError)


@contextmanager
def _opened(files: Files, name: str) -> Iterator[pq.ParquetFile]:
    with closing(files.open(name)) as stream:
        yield pq.ParquetFile(stream, pre_buffer=False, buffer_size=_BUFFER)


def _post(record: dict[str, Any], source: str) -> Post:
    if isinstance(record, _BadRow):
        return Post(id=known_id(record), source=source, error=broken(record.why))
    return parse_record(record, source)


def _batches(
    parquet: pq.ParquetFile, fragment: Fragment, rows: int, columns: list[str] | None = None
) -> Iterator[pa.RecordBatch]:
    groups = range(fragment.start, fragment.stop)
    return parquet.iter_batches(rows, row_groups=groups, columns=columns, use_threads=False)


def _rows_at_a_time(metadata: pq.FileMetaData, fragment: Fragment) -> int:
    groups = [metadata.row_group(group) for group in range(fragment.start, fragment.stop)]
    size = sum(group.total_byte_size for group in groups)
    rows = sum(group.num_rows for group in groups)
    return min(max(_BATCH_BYTES * rows // max(size, 1), 1), _BATCH_ROWS)


def _records(batch: pa.RecordBatch) -> Iterator[dict[str, Any]]:
    """Rows as Python values; if one cannot be converted, the others still are."""
    try:
        yield from batch.to_pylist()
    except _BAD_VALUE:
        for row in range(batch.num_rows):
            yield _record(batch.slice(row, 1))


def _record(row: pa.RecordBatch) -> dict[str, Any]:
    try:
        return row.to_pylist()[0]
    except _BAD_VALUE as error:
        try:
            return _BadRow(row.select(["id"]).to_pylist()[0], f"a value cannot be read: {error}")
        except (*_BAD_VALUE, KeyError):
            return _BadRow({}, f"a value cannot be read: {error}")


def _in_microseconds(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Nanoseconds cut: Python's datetime has none."""
    for index, field in enumerate(batch.schema):
        if pa.types.is_timestamp(field.type) and field.type.unit == "ns":
            cut = batch.column(index).cast(pa.timestamp("us", field.type.tz), safe=False)
            batch = batch.set_column(index, field.name, cut)
    return batch


def _groups_together(metadata: pq.FileMetaData) -> list[tuple[int, int, int]]:
    """Ranges of neighbouring row groups of about `FRAGMENT_BYTES` as stored."""
    cuts: list[tuple[int, int, int]] = []
    start = size = 0
    for group in range(metadata.num_row_groups):
        size += _stored_bytes(metadata.row_group(group))
        if size >= FRAGMENT_BYTES or group == metadata.num_row_groups - 1:
            cuts.append((start, group + 1, size))
            start, size = group + 1, 0
    return cuts


def _stored_bytes(group: pq.RowGroupMetaData) -> int:
    columns = range(group.num_columns)
    return sum(group.column(column).total_compressed_size for column in columns)


def _rows_before(metadata: pq.FileMetaData, group: int) -> int:
    return sum(metadata.row_group(before).num_rows for before in range(group))
