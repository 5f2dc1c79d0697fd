from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from posts.dump import Dump
from posts.errors import Reason
from posts.post import Post
from posts.readers import parquet


def read(dump: Dump) -> list[Post]:
    return [post for fragment in dump.fragments() for post in dump.read(fragment)]


def write(folder: Path, columns: dict[str, Any], **options: Any) -> Dump:
    pq.write_table(pa.table(columns), folder / "a.parquet", **options)
    return Dump.open(folder)


def test_a_post_per_row_and_unknown_columns_in_extra(tmp_path: Path) -> None:
    dump = write(tmp_path, {"id": ["a", "b"], "text": ["x", "y"], "n": [1, 2], "raw": [b"", b""]})
    assert read(dump) == [
        Post(id="a", text="x", extra={"n": 1}, source="a.parquet:1"),
        Post(id="b", text="y", extra={"n": 2}, source="a.parquet:2"),
    ]


def test_columns_of_many_types_are_understood(tmp_path: Path) -> None:
    moment = datetime(2024, 1, 2, 3, tzinfo=UTC)
    texts = pa.array(["x"]).dictionary_encode()
    image = pa.array([{"bytes": b"jpg", "path": None}])
    for unit in ("s", "ms", "us", "ns"):
        for zone in (None, "UTC", "Asia/Tokyo"):
            at = pa.array(
                [moment if zone else moment.replace(tzinfo=None)], pa.timestamp(unit, zone)
            )
            columns = {"id": pa.array([5]), "text": texts, "image": image, "created_at": at}
            (post,) = read(write(tmp_path, columns))
            assert (post.id, post.text, post.image) == ("5", "x", b"jpg")
            assert post.created_at == moment
            assert type(post.created_at) is datetime


def test_nanoseconds_are_cut(tmp_path: Path) -> None:
    at = pa.array([1_700_000_000_123_456_789], pa.timestamp("ns"))
    (post,) = read(write(tmp_path, {"id": ["a"], "text": ["x"], "created_at": at}))
    assert post.created_at == datetime(2023, 11, 14, 22, 13, 20, 123_456, tzinfo=UTC)


def test_a_value_that_cannot_be_read_is_that_posts_error(tmp_path: Path) -> None:
    offsets = pa.py_buffer(np.array([0, 1, 3, 4], dtype=np.int32).tobytes())
    text = pa.StringArray.from_buffers(3, offsets, pa.py_buffer(b"a\xff\xfec"))
    posts = read(write(tmp_path, {"id": ["a", "b", "c"], "text": text}))
    assert [post.id for post in posts] == ["a", "b", "c"]
    reasons = [post.error and post.error.reason for post in posts]
    assert reasons == [None, Reason.BROKEN_RECORD, None]


def test_a_date_beyond_the_calendar_is_that_posts_error(tmp_path: Path) -> None:
    at = pa.array([0, 2**62], pa.timestamp("us"))
    posts = read(write(tmp_path, {"id": ["a", "b"], "text": ["x", "y"], "created_at": at}))
    assert [post.error and post.error.reason for post in posts] == [None, Reason.BROKEN_RECORD]
    assert posts[1].id == "b"


def test_a_table_without_ids_is_all_errors(tmp_path: Path) -> None:
    dump = write(tmp_path, {"text": ["x", "y"]})
    assert [p.error.reason for p in read(dump) if p.error] == [Reason.MISSING_ID] * 2
    assert list(dump.ids(dump.fragments()[0])) == []


def test_row_groups_become_fragments_and_rows_keep_their_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [f"p{number}" for number in range(100)]
    columns = {"id": ids, "text": ids}
    assert len(write(tmp_path, columns, row_group_size=10).fragments()) == 1
    monkeypatch.setattr(parquet, "FRAGMENT_BYTES", 1)
    dump = write(tmp_path, columns, row_group_size=10)
    assert len(dump.fragments()) == 10
    posts = read(dump)
    assert [post.source for post in posts] == [f"a.parquet:{row}" for row in range(1, 101)]
    found = [pair for fragment in dump.fragments() for pair in dump.ids(fragment)]
    assert found == [(post.id, post.source) for post in posts]


def test_a_corrupt_file_is_one_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "bad.parquet").write_bytes(b"PAR1" + b"x" * 100 + b"PAR1")
    (tmp_path / "empty.parquet").write_bytes(b"")
    posts = read(write(tmp_path, {"id": ["a"], "text": ["x"]}))
    assert [post.key for post in posts] == ["a", "bad.parquet", "empty.parquet"]
    assert [p.error.reason for p in posts if p.error] == [Reason.BROKEN_FILE] * 2


def corrupt(path: Path, column: str, group: int) -> None:
    """Zeroes in the middle of one column of one row group."""
    metadata = pq.read_metadata(path)
    chunk = metadata.row_group(group).column(metadata.schema.names.index(column))
    middle = chunk.data_page_offset + chunk.total_compressed_size // 2
    data = bytearray(path.read_bytes())
    data[middle : middle + 500] = bytes(500)
    path.write_bytes(data)


def four_groups(folder: Path) -> tuple[Dump, list[str]]:
    """4,000 posts in groups of 1,000 rows with many pages."""
    rng = np.random.default_rng(0)
    ids = [f"{row}-{rng.bytes(20).hex()}" for row in range(4000)]
    columns = {"id": ids, "text": [rng.bytes(30).hex() for _ in ids]}
    options: dict[str, Any] = {"use_dictionary": False, "compression": "zstd"}
    options |= {"data_page_size": 4000, "write_batch_size": 50, "row_group_size": 1000}
    return write(folder, columns, **options), ids


def test_rows_behind_a_corrupt_page_are_errors_with_their_ids(tmp_path: Path) -> None:
    dump, ids = four_groups(tmp_path)
    corrupt(tmp_path / "a.parquet", "text", 1)
    posts = read(dump)
    assert [post.id for post in posts] == ids
    assert [post.source for post in posts] == [f"a.parquet:{row}" for row in range(1, 4001)]
    bad = [row for row, post in enumerate(posts) if post.error is not None]
    assert bad == list(range(bad[0], 2000))
    assert 1000 <= bad[0] < 2000
    (fragment,) = dump.fragments()
    assert list(dump.ids(fragment)) == [(post.id, post.source) for post in posts]


def test_rows_behind_a_corrupt_page_of_ids_are_one_error(tmp_path: Path) -> None:
    dump, ids = four_groups(tmp_path)
    corrupt(tmp_path / "a.parquet", "id", 1)
    posts = read(dump)
    (lost,) = (row for row, post in enumerate(posts) if not post.id)
    assert 1000 < lost < 2000
    assert posts[lost].source == f"a.parquet:{lost + 1}"
    assert [post.id for post in posts[:lost]] == ids[:lost]
    assert [(post.id, post.error) for post in posts[lost + 1 :]] == [(i, None) for i in ids[2000:]]
    assert posts[-1].source == "a.parquet:4000"
    (fragment,) = dump.fragments()
    assert list(dump.ids(fragment)) == [(post.id, post.source) for post in posts if post.id]


@pytest.mark.parametrize("use_dictionary", [False, True])
def test_memory_stays_bounded_while_a_row_group_is_read(
    tmp_path: Path, use_dictionary: bool
) -> None:
    """Also where a dictionary says one picture a thousand times in some hundred bytes."""
    picture = np.random.default_rng(0).bytes(100_000)
    columns = {"id": [str(n) for n in range(1000)], "image": [picture] * 1000}
    dump = write(tmp_path, columns, use_dictionary=use_dictionary, write_batch_size=8)
    (fragment,) = dump.fragments()
    before = pa.total_allocated_bytes()
    most = 0
    tracemalloc.start()
    for _ in dump.read(fragment):
        most = max(most, pa.total_allocated_bytes() - before)
    python = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most + python < 50_000_000
