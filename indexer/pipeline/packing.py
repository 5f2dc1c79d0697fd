"""A table packed into one row, so that Ray Data keeps our batches as they are.

Ray Data merges and cuts the blocks between stages by their size. A block of texts would hold
thousands of posts, and a slow model would show none of their keyphrases for minutes. So each of
our tables crosses Ray as one value of one row: its size in posts is ours to choose, and its
schema never meets another one. Beside it stands which part of the dump it is, by which the driver
knows that every part came (see `indexer.pipeline.arrivals`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import pyarrow as pa

_COLUMN = "packed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """Which part of the dump a table is."""

    fragment: int
    number: int
    """From 0 on within the fragment."""
    last: bool
    """The fragment ends with it."""


def pack(table: pa.Table, part: Part) -> pa.Table:
    """One row that holds the table in Arrow's stream format."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    content = sink.getvalue()
    ends = pa.array([0, content.size], type=pa.int64()).buffers()[1]
    packed = pa.Array.from_buffers(pa.large_binary(), 1, [None, ends, content])
    return pa.table({name: [value] for name, value in asdict(part).items()} | {_COLUMN: packed})


def unpack(packed: pa.Table) -> list[tuple[Part, pa.Table]]:
    """The tables of all rows, without copying what is in them."""
    parts = packed.drop_columns([_COLUMN]).to_pylist()
    column = packed.column(_COLUMN)
    return [
        (Part(**part), pa.ipc.open_stream(column[row].as_buffer()).read_all())
        for row, part in enumerate(parts)
    ]
