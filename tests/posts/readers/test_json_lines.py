from __future__ import annotations

import gzip
from pathlib import Path

import orjson
import pytest

from posts.dump import Dump
from posts.errors import Reason
from posts.post import Post
from posts.readers import json_lines


def read(dump: Dump) -> list[Post]:
    return [post for fragment in dump.fragments() for post in dump.read(fragment)]


def write(folder: Path, content: bytes, name: str = "a.jsonl") -> Dump:
    (folder / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    return Dump.open(folder)


def line(number: int, text: str = "hello") -> bytes:
    return orjson.dumps({"id": f"p{number}", "text": text}) + b"\n"


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "A.JSONL"])
def test_a_post_per_line(tmp_path: Path, name: str) -> None:
    posts = read(write(tmp_path, line(1) + line(2), name))
    assert [(p.id, p.source) for p in posts] == [("p1", f"{name}:1"), ("p2", f"{name}:2")]


def test_a_broken_line_is_that_posts_error(tmp_path: Path) -> None:
    bad = [b"not json\n", b'{"id": "x", "text": "cut off\n', b"[1]\n", b'{"id":"\xff"}\n', b"\0\n"]
    posts = read(write(tmp_path, line(1) + b"".join(bad) + line(2)))
    assert [post.id for post in posts] == ["p1", "", "", "", "", "", "p2"]
    assert {p.error.reason for p in posts if p.error} == {Reason.BROKEN_RECORD}
    assert [p.key for p in posts if p.error] == [f"a.jsonl:{row}" for row in range(2, 7)]


def test_blank_lines_a_byte_order_mark_and_a_missing_last_newline_do_no_harm(
    tmp_path: Path,
) -> None:
    content = b"\xef\xbb\xbf" + line(1) + b"\r\n  \n" + line(2).strip()
    posts = read(write(tmp_path, content))
    assert [(post.id, post.source) for post in posts] == [("p1", "a.jsonl:1"), ("p2", "a.jsonl:4")]


def test_half_a_surrogate_pair_is_replaced(tmp_path: Path) -> None:
    (post,) = read(write(tmp_path, rb'{"id": "a", "text": "x \ud83d"}'))
    assert post.text == "x \ufffd"


def test_deeply_nested_json_is_that_posts_error(tmp_path: Path) -> None:
    deep = b'{"id": "a", "x": "\\ud83d", "y": ' + b"[" * 100_000 + b"\n"
    posts = read(write(tmp_path, deep + b"[" * 100_000 + b"\n" + line(1)))
    assert [post.id for post in posts] == ["", "", "p1"]


def test_a_line_over_the_limit_is_skipped_in_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_lines, "LONGEST_LINE", 100)
    monkeypatch.setattr(json_lines, "_PIECE", 64)
    exact = line(2, "x" * (100 - len(line(2, ""))))
    assert len(exact) == 100
    posts = read(write(tmp_path, line(1) + line(9, "x" * 1000) + exact + line(3)))
    assert [post.id for post in posts] == ["p1", "", "p2", "p3"]
    assert "longer than 100 bytes" in str(posts[1].error)


@pytest.mark.parametrize("size", [1, 7, 64, 100, 5000])
def test_byte_ranges_give_each_line_once_and_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(json_lines, "FRAGMENT_BYTES", size)
    lines = [line(number, "é" * (number % 5 * 20)) for number in range(30)]
    dump = write(tmp_path, b"".join(lines))
    posts = read(dump)
    assert [post.id for post in posts] == [f"p{number}" for number in range(30)]
    assert len({post.source for post in posts}) == 30
    ids = [pair for fragment in dump.fragments() for pair in dump.ids(fragment)]
    assert ids == [(post.id, post.source) for post in posts]


def test_sources_stay_when_a_file_grows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_lines, "FRAGMENT_BYTES", 100)
    lines = [line(number) for number in range(20)]
    before = [post.source for post in read(write(tmp_path, b"".join(lines[:10])))]
    after = [post.source for post in read(write(tmp_path, b"".join(lines)))]
    assert after[:10] == before
    assert "a.jsonl@100:1" in before


def test_a_long_line_over_many_ranges_is_one_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_lines, "FRAGMENT_BYTES", 50)
    monkeypatch.setattr(json_lines, "LONGEST_LINE", 100)
    posts = read(write(tmp_path, line(1) + b"x" * 1000 + b"\n" + line(2)))
    assert [post.id for post in posts] == ["p1", "", "p2"]


@pytest.mark.parametrize("damage", ["cut", "changed", "garbage behind"])
def test_a_broken_gzip_file_keeps_what_came_before(tmp_path: Path, damage: str) -> None:
    lines = [orjson.dumps({"id": f"p{n}", "text": f"{n * n:x}" * 50}) + b"\n" for n in range(2000)]
    data = bytearray(gzip.compress(b"".join(lines)))
    if damage == "cut":
        data = data[: len(data) // 2]
    elif damage == "changed":
        data[len(data) // 2 : len(data) // 2 + 200] = bytes(200)
    else:
        data += b"garbage"
    (tmp_path / "a.jsonl.gz").write_bytes(data)
    posts = read(Dump.open(tmp_path))
    assert [post.id for post in posts[:50]] == [f"p{number}" for number in range(50)]
    assert posts[-1].error is not None
    assert posts[-1].error.reason is Reason.BROKEN_FILE
    assert "cannot be read on" in posts[-1].error.detail
    assert len({post.source for post in posts}) == len(posts)
