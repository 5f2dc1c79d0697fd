"""Tables cross Ray as they are."""

from __future__ import annotations

import pyarrow as pa

from indexer.pipeline.packing import Part, pack, unpack


def part(number: int) -> Part:
    return Part(fragment=7, number=number, last=False)


def test_a_packed_table_is_one_row_and_comes_back_as_it_was() -> None:
    first = pa.table({"id": ["a", "b"], "image": pa.array([b"\0\1", None], pa.large_binary())})
    second = pa.table({"other": pa.array([], pa.int32())})
    packed = [pack(first, part(0)), pack(second, part(1))]
    assert [len(one) for one in packed] == [1, 1]
    assert unpack(pa.concat_tables(packed)) == [(part(0), first), (part(1), second)]


def test_a_slice_of_packed_rows_unpacks_only_its_own() -> None:
    tables = [pa.table({"id": [name]}) for name in "abc"]
    packed = pa.concat_tables([pack(table, part(row)) for row, table in enumerate(tables)])
    assert unpack(packed.slice(1, 1)) == [(part(1), tables[1])]
