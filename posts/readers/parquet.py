"""Parquet: a post per row, pictures inside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import islice
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
_BATCH_ROWS = 16
_MOST_BYTES = 512 << 20
"""At the very most, of rows that say a large value again and again."""
_ID_ROWS = 8192
_BUFFER = 4 << 20
_PICTURE_COLUMNS = ["id", "image", "image_uri", "images", "image_uris"]


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
        try:
            with _opened(files, fragment.name) as parquet:
                for group, before in _groups(parquet, fragment):
                    yield from _posts(parquet, group, fragment.name, before)
        except _NOT_PARQUET as error:
            raise_if_unreachable(error)
            yield broken_file(fragment.name, "the Parquet file cannot be read", error)

    def ids(self, files: Files, fragment: Fragment) -> Iterator[tuple[str, str]]:
        for post_id, row in self.places(files, fragment):
            yield post_id, f"{fragment.name}:{row}"

    def places(self, files: Files, fragment: Fragment) -> Iterator[tuple[str, int]]:
        """Places are rows of the file, from 1."""
        try:
            with _opened(files, fragment.name) as parquet:
                for group, before in _groups(parquet, fragment):
                    for row, record in enumerate(_id_records(parquet, group), before + 1):
                        post_id = known_id(record)
                        if post_id:
                            yield post_id, row
        except _NOT_PARQUET as error:
            raise_if_unreachable(error)

    def read_at(self, files: Files, name: str, place: int, _limits: PictureLimits) -> Post:
        source = f"{name}:{place}"
        try:
            with _opened(files, name) as parquet:
                return _post(_picture_record(parquet, place), source)
        except _NOT_PARQUET as error:
            raise_if_unreachable(error)
            return broken_file(source, "the row cannot be read", error)


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


def _groups(parquet: pq.ParquetFile, fragment: Fragment) -> Iterator[tuple[int, int]]:
    """Each row group of a fragment, and how many rows of the file come before it."""
    before = _rows_before(parquet.metadata, fragment.start)
    for group in range(fragment.start, fragment.stop):
        yield group, before
        before += parquet.metadata.row_group(group).num_rows


def _posts(parquet: pq.ParquetFile, group: int, name: str, before: int) -> Iterator[Post]:
    """Posts of a row group; where a column is broken, the rest of them are errors with their ids.

    Rows without a readable id are one error together: how many they are is only claimed.
    """
    metadata = parquet.metadata.row_group(group)
    row = before
    why: Exception = EOFError("it ends too early")
    try:
        for batch in _batches(parquet, group, _rows_at_a_time(metadata)):
            for record in _records(_in_microseconds(batch)):
                row += 1
                yield _post(record, f"{name}:{row}")
    except _NOT_PARQUET as error:
        raise_if_unreachable(error)
        why = error
    if row >= before + metadata.num_rows:
        return
    for record in islice(_id_records(parquet, group), row - before, None):
        row += 1
        lost = broken(f"the row cannot be read: {why}")
        yield Post(id=known_id(record), source=f"{name}:{row}", error=lost)
    if row < before + metadata.num_rows:
        yield broken_file(f"{name}:{row + 1}", "the row group cannot be read on from here", why)


def _id_records(parquet: pq.ParquetFile, group: int) -> Iterator[dict[str, Any]]:
    """The id column of a row group, up to the first row that cannot be read.

    A batch that holds such a row is lost whole, so what is left is then read row by row: no
    reading of more columns can come further.
    """
    done = 0
    for rows in (_ID_ROWS, 1):
        try:
            batches = _batches(parquet, group, rows, columns=["id"])
            records = (record for batch in batches for record in _records(batch))
            for record in islice(records, done, None):
                done += 1
                yield record
            return
        except _NOT_PARQUET as error:
            raise_if_unreachable(error)


def _picture_record(parquet: pq.ParquetFile, row: int) -> dict[str, Any]:
    """Of a row, from 1, what tells of its picture: what lies before it in its row group is read."""
    ahead = row - 1
    for group in range(parquet.metadata.num_row_groups):
        metadata = parquet.metadata.row_group(group)
        if ahead < metadata.num_rows:
            for batch in _batches(parquet, group, _rows_at_a_time(metadata), _PICTURE_COLUMNS):
                if ahead < batch.num_rows:
                    return _record(batch.slice(ahead, 1))
                ahead -= batch.num_rows
            break
        ahead -= metadata.num_rows
    raise ValueError("there is no such row")


def _post(record: dict[str, Any], source: str) -> Post:
    if isinstance(record, _BadRow):
        return Post(id=known_id(record), source=source, error=broken(record.why))
    return parse_record(record, source)


def _batches(
    parquet: pq.ParquetFile, group: int, rows: int, columns: list[str] | None = None
) -> Iterator[pa.RecordBatch]:
    return parquet.iter_batches(rows, row_groups=[group], columns=columns, use_threads=False)


def _rows_at_a_time(group: pq.RowGroupMetaData) -> int:
    size = max(group.total_byte_size, 1)
    # A dictionary lets each row have a value as large as all of the group for a few bits.
    return max(min(_BATCH_BYTES * group.num_rows // size, _MOST_BYTES // size, _BATCH_ROWS), 1)


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
