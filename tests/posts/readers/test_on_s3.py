"""The readers' ways of skipping about in a file, where each skip is a request."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from posts.dump import Dump
from posts.files import open_files, s3_retry
from posts.readers import json_lines, parquet
from tests.servers.fault_proxy import ANY_TIME, BROKEN_BODIES, Fault, FaultProxy, a_share
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


@pytest.fixture(autouse=True)
def _small_fragments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_lines, "FRAGMENT_BYTES", 1_000_000)
    monkeypatch.setattr(parquet, "FRAGMENT_BYTES", 2_000_000)


@pytest.fixture
def proxy(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultProxy]:
    monkeypatch.setattr(s3_retry, "_FIRST_PAUSE", 0.005)
    monkeypatch.setattr(s3_retry, "_LONGEST_PAUSE", 0.05)
    monkeypatch.setenv(s3_retry.PATIENCE_VARIABLE, "10")
    with FaultProxy(s3.endpoint) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", proxy.endpoint)
        yield proxy


FORMATS = pytest.mark.parametrize(
    ("name", "content", "fragments"),
    [("a.jsonl", json_file, 4), ("a.parquet", parquet_file, 2), ("a.tar", tar_file, 1)],
)


def check_whole(dump: Dump, fragments: int) -> None:
    parts = dump.fragments()
    assert len(parts) == fragments
    posts = [post for part in parts for post in dump.read(part)]
    assert [post.id for post in posts] == [str(number) for number in range(POSTS)]
    assert all(post.error is None and (post.text or post.image == PICTURE) for post in posts)
    ids = [pair for part in parts for pair in dump.ids(part)]
    assert ids == [(post.id, post.source) for post in posts]


@FORMATS
def test_a_large_file_on_s3_is_read_whole(
    s3: S3Server, name: str, content: Callable[[], bytes], fragments: int
) -> None:
    root = f"s3://{s3.bucket()}"
    open_files(root).write(name, content())
    check_whole(Dump.open(root), fragments)


@FORMATS
def test_a_large_file_is_read_whole_though_a_third_of_the_requests_fail(
    s3: S3Server, proxy: FaultProxy, name: str, content: Callable[[], bytes], fragments: int
) -> None:
    root = f"s3://{s3.bucket()}"
    open_files(root).write(name, content())
    proxy.rule = a_share(1 / 3, 5, (*ANY_TIME, *BROKEN_BODIES))
    check_whole(Dump.open(root), fragments)
    assert proxy.faults > 2


@FORMATS
def test_a_place_that_fails_for_good_in_the_middle_of_a_file_is_no_broken_file(
    s3: S3Server,
    proxy: FaultProxy,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    content: Callable[[], bytes],
    fragments: int,
) -> None:
    monkeypatch.setenv(s3_retry.PATIENCE_VARIABLE, "0.2")
    monkeypatch.setattr("posts.files.s3._READ_AHEAD", 100_000)
    root = f"s3://{s3.bucket()}"
    open_files(root).write(name, content())
    dump = Dump.open(root)
    part = dump.fragments()[0]
    posts = dump.read(part)
    got = [next(posts)]
    proxy.rule = lambda _: Fault.SLOW_DOWN
    with pytest.raises(TimeoutError, match="too busy"):
        got += posts
    assert 0 < len(got) < POSTS
    assert all(post.error is None for post in got)
    with pytest.raises(TimeoutError, match="too busy"):
        list(dump.ids(part))
