"""Tables cross Ray as they are."""

from __future__ import annotations

import pyarrow as pa

from indexer.pipeline.packing import Part, pack, pack_fragment, unpack


def part(number: int, *, last: bool = False) -> Part:
    return Part(fragment=7, number=number, last=last)


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


def test_a_fragment_ends_with_a_mark_even_if_it_has_no_posts() -> None:
    table = pa.table({"id": ["a"]})
    parts = [unpack(packed)[0] for packed in pack_fragment(7, [table, table], table.schema)]
    assert [each for each, _ in parts] == [part(0), part(1), part(2, last=True)]
    assert [len(each) for _, each in parts] == [1, 1, 0]
    (only,) = pack_fragment(7, [], table.schema)
    assert unpack(only)[0][0] == part(0, last=True)
