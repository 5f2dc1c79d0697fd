"""Long dumps are written in files and row groups of bounded size, and read back the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from posts import writing
from posts.dump import Dump
from posts.post import Post
from posts.writing import parquet_shards


def test_shards_and_row_groups_are_bounded_by_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "SHARD_BYTES", 1_000_000)
    monkeypatch.setattr(writing, "GROUP_BYTES", 300_000)
    taken = 0

    def posts() -> Iterator[Post]:
        nonlocal taken
        for number in range(50):
            taken += 1
            yield Post(id=str(number), image=bytes([number]) * 99_000)

    for number, shard in enumerate(parquet_shards(posts())):
        assert taken == min(10 * (number + 1), 50)
        (tmp_path / f"{number}.parquet").write_bytes(shard)
    files = [pq.ParquetFile(path).metadata for path in sorted(tmp_path.iterdir())]
    assert [file.num_rows for file in files] == [10] * 5
    assert all(file.row_group(0).num_rows == 2 for file in files)
    back = list(Dump.open(tmp_path).posts())
    assert [(post.id, post.image) for post in back] == [
        (str(number), bytes([number]) * 99_000) for number in range(50)
    ]


@pytest.mark.parametrize(
    "values",
    [
        [1, "one", None],
        [{"a": 1}, {"b": 2}],
        [{}, None],
        [[1], ["x"]],
        [2**80, 1],
        [[{"a": {}}], []],
    ],
)
def test_extra_fields_without_a_common_type_are_kept_as_json(
    tmp_path: Path, values: list[object]
) -> None:
    posts = [Post(id=str(n), text="x", extra={"odd": value}) for n, value in enumerate(values)]
    (shard,) = parquet_shards(posts)
    (tmp_path / "a.parquet").write_bytes(shard)
    back = [post.extra["odd"] for post in Dump.open(tmp_path).posts()]
    for value, found in zip(values, back, strict=True):
        if value is None or isinstance(value, str):
            assert found == value
        else:
            assert json.loads(found) == value


def test_no_posts_are_no_files() -> None:
    assert list(parquet_shards([])) == []
