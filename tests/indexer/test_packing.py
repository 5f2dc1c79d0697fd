"""Tables cross Ray as they are."""

from __future__ import annotations

import pyarrow as pa

from indexer.packing import pack, unpack


def test_a_packed_table_is_one_row_and_comes_back_as_it_was() -> None:
    first = pa.table({"id": ["a", "b"], "image": pa.array([b"\0\1", None], pa.large_binary())})
    second = pa.table({"other": pa.array([], pa.int32())})
    assert len(pack(first)) == 1
    assert unpack(pa.concat_tables([pack(first), pack(second)])) == [first, second]


def test_a_slice_of_packed_rows_unpacks_only_its_own() -> None:
    tables = [pa.table({"id": [name]}) for name in "abc"]
    assert unpack(pa.concat_tables(map(pack, tables)).slice(1, 1)) == [tables[1]]
