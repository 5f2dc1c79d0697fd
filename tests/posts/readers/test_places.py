"""Every reader finds a post again at the place that it gave."""

from __future__ import annotations

import gzip
import io
import tarfile
from contextlib import suppress
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from posts.dump import Dump
from posts.readers import json_lines
from tests.posts.readers.test_webdataset import tar_of

IDS = [f"post {number} é" for number in range(50)]


def lines() -> bytes:
    records = [orjson.dumps({"id": name, "image_uri": f"{name}.jpg"}) for name in IDS]
    records[10:10] = [b"", b"{broken", b'{"text": "no id"}', b'{"id": "", "text": "x"}']
    return b"\xef\xbb\xbf" + b"\r\n".join(records)


def table(**options: int) -> bytes:
    sink = pa.BufferOutputStream()
    images = [{"bytes": name.encode(), "path": None} for name in IDS]
    ids = [*IDS[:10], None, *IDS[10:]]
    columns = {"text": ["x"] * 51, "id": ids, "image": [*images[:10], None, *images[10:]]}
    pq.write_table(pa.table(columns), sink, **options)
    return sink.getvalue().to_pybytes()


def tar(form: int = tarfile.PAX_FORMAT) -> bytes:
    # A long path and one beyond ASCII have headers of their own before them.
    folder = "f" * 120
    members = [("notes.md", b"no post")]
    for number, name in enumerate(IDS):
        key = f"{folder}/é{number}"
        members += [(f"{key}.jpg", name.encode()), (f"{key}.json", orjson.dumps({"id": name}))]
    return tar_of(members, form)


FILES = {
    "a.jsonl": lines,
    "a.jsonl.gz": lambda: gzip.compress(lines()),
    "a.parquet": lambda: table(row_group_size=7),
    "one-group.parquet": table,
    "a.tar": tar,
    "gnu.tar": lambda: tar(tarfile.GNU_FORMAT),
    "a.tar.gz": lambda: gzip.compress(tar()),
}


@pytest.mark.parametrize("name", FILES)
def test_a_post_is_found_again_at_its_place(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_lines, "FRAGMENT_BYTES", 300)
    (tmp_path / name).write_bytes(FILES[name]())
    dump = Dump.open(tmp_path)
    places = [
        (fragment, *found) for fragment in dump.fragments() for found in dump.places(fragment)
    ]
    assert [post_id for _, post_id, _ in places] == IDS
    assert len({place for _, _, place in places}) == len(IDS)
    for fragment, post_id, place in reversed(places):
        post = dump.read_at(fragment, place)
        assert (post.id, post.error) == (post_id, None)
        if post.image_uri is None:
            assert post.image == post_id.encode()
        else:
            assert post.image_uri == f"{post_id}.jpg"


@pytest.mark.parametrize("name", FILES)
def test_a_place_in_another_file_gives_an_error_or_another_post(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(FILES[name]())
    dump = Dump.open(tmp_path)
    places = [
        (fragment, *found) for fragment in dump.fragments() for found in dump.places(fragment)
    ]
    fragment, post_id, place = places[-1]
    data = FILES[name]()
    for other in (b"", data[: len(data) // 2], bytes(len(data)), b"{}\n" * len(data)):
        (tmp_path / name).write_bytes(other)
        post = dump.read_at(fragment, place)
        assert (post.id, post.image, post.image_uri) not in (
            (post_id, post_id.encode(), None),
            (post_id, None, f"{post_id}.jpg"),
        )
    (tmp_path / name).unlink()
    with suppress(FileNotFoundError):
        assert dump.read_at(fragment, place).id != post_id


def test_only_the_columns_of_the_picture_are_read(tmp_path: Path) -> None:
    sink = pa.BufferOutputStream()
    columns = {"id": ["a"], "text": ["x"], "image": [b"jpg"], "image_uri": [None], "n": [1]}
    pq.write_table(pa.table(columns), sink)
    (tmp_path / "a.parquet").write_bytes(sink.getvalue().to_pybytes())
    dump = Dump.open(tmp_path)
    post = dump.read_at(dump.fragments()[0], 1)
    assert (post.id, post.image, post.text, post.extra) == ("a", b"jpg", "", {})


def test_a_line_over_the_limit_is_no_post(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.jsonl").write_bytes(orjson.dumps({"id": "a", "text": "x" * 100}) + b"\n")
    dump = Dump.open(tmp_path)
    (fragment,) = dump.fragments()
    ((post_id, place),) = dump.places(fragment)
    assert dump.read_at(fragment, place).id == post_id
    monkeypatch.setattr(json_lines, "LONGEST_LINE", 20)
    assert dump.read_at(fragment, place).error is not None


def test_the_place_of_a_tar_is_read_without_what_lies_before_it(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(tar())
    dump = Dump.open(tmp_path)
    (fragment,) = dump.fragments()
    places = list(dump.places(fragment))
    opened = io.BytesIO((tmp_path / "a.tar").read_bytes())
    with tarfile.open(fileobj=opened) as members:
        starts = {member.offset for member in members}
    assert {place for _, place in places} <= starts
    # What lies before is overwritten, and the last post still found.
    with (tmp_path / "a.tar").open("r+b") as stream:
        stream.write(b"\xff" * places[-1][1])
    assert dump.read_at(fragment, places[-1][1]).id == places[-1][0]
