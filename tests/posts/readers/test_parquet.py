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
    assert [p.error.reason for p in posts if p.error] == [Reason.BROKEN_RECORD] * 2


def test_a_corrupt_page_keeps_the_rows_before_it(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    texts = [rng.bytes(30).hex() for _ in range(4000)]
    columns = {"id": [str(row) for row in range(4000)], "text": texts}
    write(tmp_path, columns, row_group_size=1000, use_dictionary=False, compression="zstd")
    data = bytearray((tmp_path / "a.parquet").read_bytes())
    data[len(data) // 2 : len(data) // 2 + 500] = bytes(500)
    (tmp_path / "a.parquet").write_bytes(data)
    dump = Dump.open(tmp_path)
    posts = read(dump)
    assert [post.id for post in posts[:1000]] == columns["id"][:1000]
    assert posts[-1].error is not None
    assert posts[-1].source == f"a.parquet:{len(posts)}"
    assert len(list(dump.ids(dump.fragments()[0]))) >= 1000


def test_memory_stays_bounded_while_a_row_group_is_read(tmp_path: Path) -> None:
    picture = np.random.default_rng(0).bytes(100_000)
    columns = {"id": [str(n) for n in range(1000)], "image": [picture] * 1000}
    dump = write(tmp_path, columns, use_dictionary=False, write_batch_size=8)
    (fragment,) = dump.fragments()
    before = pa.total_allocated_bytes()
    most = 0
    tracemalloc.start()
    for _ in dump.read(fragment):
        most = max(most, pa.total_allocated_bytes() - before)
    python = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most + python < 50_000_000
