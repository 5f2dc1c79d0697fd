"""The readers' ways of skipping about in a file, where each skip is a request."""

from __future__ import annotations

import io
import tarfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from posts.dump import Dump
from posts.files import open_files
from posts.readers import json_lines, parquet
from tests.servers.s3 import S3Server

POSTS = 60
PICTURE = np.random.default_rng(0).bytes(60_000)


def json_file() -> bytes:
    return b"".join(b'{"id": "%d", "text": "%s"}\n' % (n, b"x" * 50_000) for n in range(POSTS))


def parquet_file() -> bytes:
    sink = pa.BufferOutputStream()
    columns = {"id": [str(n) for n in range(POSTS)], "image": [PICTURE] * POSTS}
    pq.write_table(pa.table(columns), sink, row_group_size=20, use_dictionary=False)
    return sink.getvalue().to_pybytes()


def tar_file() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for number in range(POSTS):
            member = tarfile.TarInfo(f"{number}.jpg")
            member.size = len(PICTURE)
            tar.addfile(member, io.BytesIO(PICTURE))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "fragments"),
    [("a.jsonl", json_file, 4), ("a.parquet", parquet_file, 2), ("a.tar", tar_file, 1)],
)
def test_a_large_file_on_s3_is_read_whole(
    s3: S3Server, monkeypatch: pytest.MonkeyPatch, name: str, content: object, fragments: int
) -> None:
    monkeypatch.setattr(json_lines, "FRAGMENT_BYTES", 1_000_000)
    monkeypatch.setattr(parquet, "FRAGMENT_BYTES", 2_000_000)
    root = f"s3://{s3.bucket()}"
    assert callable(content)
    open_files(root).write(name, content())
    dump = Dump.open(root)
    parts = dump.fragments()
    assert len(parts) == fragments
    posts = [post for part in parts for post in dump.read(part)]
    assert [post.id for post in posts] == [str(number) for number in range(POSTS)]
    assert all(post.error is None and (post.text or post.image == PICTURE) for post in posts)
    ids = [pair for part in parts for pair in dump.ids(part)]
    assert ids == [(post.id, post.source) for post in posts]
