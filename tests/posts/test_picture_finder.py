from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from posts import id_index, picture_finder
from posts.dump import BUCKETS_VARIABLE, Dump
from posts.errors import InputError, PostError, Reason
from posts.files import Files, open_files
from posts.id_index import IdIndex, MovedError
from posts.picture_finder import PictureFinder
from posts.readers import parquet
from tests.posts.readers.test_webdataset import tar_of
from tests.sample_pictures import encoded, huge_png, plain
from tests.servers.s3 import S3Server
from tests.waiting import wait_for

ODD_IDS = [
    *("plain", "two words", "a/b?c=d&e#f", "../../etc/passwd", 'quote"quote', "100%", "semi;colon"),
    *(
        "<img src=x onerror=alert(1)>",
        "é",
        "日本語",
        "👩‍👩‍👧",
        "\u202eright to left",
        "x" * 512,
        " padded ",
    ),
]


@pytest.fixture(params=["local", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "local":
        return str(tmp_path / "dump")
    return f"s3://{request.getfixturevalue('s3').bucket()}/dumps/one"


@pytest.fixture
def finder() -> Iterator[Callable[..., PictureFinder]]:
    made: list[PictureFinder] = []

    def make(uri: object, **options: float) -> PictureFinder:
        made.append(PictureFinder(str(uri), **({"patience_seconds": 30.0} | options)))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for each in made:
        each.close()


def picture(number: int) -> bytes:
    """PNGs that differ in their size."""
    return encoded(Image.new("RGB", (10 + number, 10)))


def width(thumbnail: bytes | None) -> int | None:
    return None if thumbnail is None else Image.open(io.BytesIO(thumbnail)).width


def write_json_lines(files: Files, ids: list[str], name: str = "a") -> None:
    lines = []
    for number, post_id in enumerate(ids):
        uri = f"pictures/{name}-{number}.png"
        files.write(uri, picture(number))
        lines.append(orjson.dumps({"id": post_id, "image_uri": uri}) + b"\n")
    files.write(f"{name}.jsonl", b"".join(lines))


def write_parquet(files: Files, ids: list[str]) -> None:
    sink = pa.BufferOutputStream()
    columns = {"id": ids, "image": [picture(number) for number in range(len(ids))]}
    pq.write_table(pa.table(columns), sink, row_group_size=4)
    files.write("a.parquet", sink.getvalue().to_pybytes())


def write_tar(files: Files, ids: list[str]) -> None:
    members = []
    for number, post_id in enumerate(ids):
        members += [(f"{number}.json", orjson.dumps({"id": post_id}))]
        members += [(f"{number}.png", picture(number))]
    files.write("a.tar", tar_of(members))


@pytest.mark.parametrize("write", [write_json_lines, write_parquet, write_tar])
def test_a_picture_is_found_by_an_id_with_any_characters(
    place: str, write: Callable[[Files, list[str]], None], finder: Callable[..., PictureFinder]
) -> None:
    write(open_files(place), ODD_IDS)
    pictures = finder(place)
    for number, post_id in enumerate(ODD_IDS):
        assert pictures.picture(post_id) == picture(number)
        assert width(pictures.thumbnail(post_id, 160)) == 10 + number
    for unknown in ("", "nobody", "PLAIN", "two  words", "\ud800", "\0"):
        assert pictures.thumbnail(unknown, 160) is None


def test_the_first_post_with_an_id_has_it_even_if_it_is_broken(
    tmp_path: Path, finder: Callable[..., PictureFinder]
) -> None:
    files = open_files(str(tmp_path))
    write_json_lines(files, ["a", "a", "b"], "second")
    files.write("first.jsonl", b'{"id": "b", "text": 7}\n{"id": "c", "text": "no picture"}\n')
    pictures = finder(tmp_path)
    assert width(pictures.thumbnail("a", 160)) == 10
    assert pictures.thumbnail("b", 160) is None
    assert pictures.thumbnail("c", 160) is None


def test_ids_whose_hashes_are_alike_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, finder: Callable[..., PictureFinder]
) -> None:
    monkeypatch.setattr(id_index, "_hash", lambda post_id: bytes([len(post_id)] * 8))
    write_json_lines(open_files(str(tmp_path)), ["a", "b", "c", "dd"])
    pictures = finder(tmp_path)
    assert [width(pictures.thumbnail(each, 160)) for each in ("c", "dd", "a", "x", "long")] == [
        *(12, 13, 10),
        *(None, None),
    ]


def test_hostile_pictures_have_no_thumbnail_and_do_no_harm(
    tmp_path: Path, finder: Callable[..., PictureFinder]
) -> None:
    outside = tmp_path / "outside.png"
    outside.write_bytes(picture(0))
    files = open_files(str(tmp_path / "dump"))
    jpeg = encoded(plain().resize((200, 200)), "JPEG")
    named = {
        "bomb.png": huge_png(),
        "truncated.jpg": jpeg[: len(jpeg) // 2],
        "text.jpg": b"I am a text",
        "page.png": b"<html><script>alert(1)</script></html>",
        "drawing.png": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "nothing.jpg": b"",
        "fine.jpg": jpeg,
    }
    for name, data in named.items():
        files.write(name, data)
    uris = {name: name for name in named} | {
        "http": "http://127.0.0.1:9/x.png",
        "file": f"file://{outside}",
        "up": "../outside.png",
        "absolute": str(outside),
        "link": "link.png",
        "data": "data:image/png;base64,AAAA",
        "bucket": "s3://some-other-bucket/x.png",
        "gone": "gone.png",
    }
    (tmp_path / "dump" / "link.png").symlink_to(outside)
    lines = [orjson.dumps({"id": each, "image_uri": uri}) for each, uri in uris.items()]
    files.write("a.jsonl", b"\n".join(lines))
    pictures = finder(tmp_path / "dump")
    for _ in range(2):
        found = {each for each in uris if pictures.thumbnail(each, 160) is not None}
        assert found == {"fine.jpg"}


def test_another_bucket_is_read_only_where_the_configuration_allows_it(
    s3: S3Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    finder: Callable[..., PictureFinder],
) -> None:
    bucket = s3.bucket()
    open_files(f"s3://{bucket}").write("x.png", picture(3))
    line = orjson.dumps({"id": "a", "image_uri": f"s3://{bucket}/x.png"})
    (tmp_path / "a.jsonl").write_bytes(line)
    assert finder(tmp_path).thumbnail("a", 160) is None
    monkeypatch.setenv(BUCKETS_VARIABLE, bucket)
    assert width(finder(tmp_path).thumbnail("a", 160)) == 13


def test_a_dump_that_changes_is_read_again(
    place: str, finder: Callable[..., PictureFinder], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_finder, "_LEAST_SECONDS", 0.0)
    files = open_files(place)
    write_json_lines(files, ["a", "b"])
    pictures = finder(place, fresh_seconds=0.0)
    assert width(pictures.thumbnail("b", 160)) == 11
    write_json_lines(files, ["c", "b", "a"], "b")
    files.delete("a.jsonl")
    # A look in between may have seen both files.
    wait_for(lambda: [width(pictures.thumbnail(each, 160)) for each in "ca"] == [10, 12])


def test_a_changed_file_never_gives_the_picture_of_another_post(
    tmp_path: Path, finder: Callable[..., PictureFinder]
) -> None:
    files = open_files(str(tmp_path))
    write_json_lines(files, ["aa", "bb"])
    # It does not look at the files again by itself.
    pictures = finder(tmp_path, fresh_seconds=3600.0)
    assert width(pictures.thumbnail("bb", 160)) == 11
    write_json_lines(files, ["bb", "aa"])
    assert width(pictures.thumbnail("aa", 160)) in (None, 11)
    files.delete("a.jsonl")
    assert pictures.thumbnail("aa", 640) is None


def test_what_was_known_serves_on_while_the_dump_is_being_written(
    tmp_path: Path, finder: Callable[..., PictureFinder], monkeypatch: pytest.MonkeyPatch
) -> None:
    files = open_files(str(tmp_path))
    write_json_lines(files, ["a", "b"])
    pictures = finder(tmp_path, fresh_seconds=0.0)
    assert pictures.thumbnail("a", 160)
    asked = threading.Event()

    def refuse(*_: object) -> Dump:
        asked.set()
        raise InputError("it is being written")

    monkeypatch.setattr(Dump, "open", refuse)
    wait_for(lambda: pictures.thumbnail("a", 160) is not None and asked.is_set())
    assert width(pictures.thumbnail("b", 160)) == 11


def test_who_asks_before_the_ids_are_known_waits_and_then_is_told(
    tmp_path: Path, finder: Callable[..., PictureFinder], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_json_lines(open_files(str(tmp_path)), ["a"])
    go_on = threading.Event()
    build = IdIndex.build

    def slowly(*arguments: object) -> IdIndex:
        go_on.wait(30)
        return build(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(IdIndex, "build", slowly)
    pictures = finder(tmp_path, patience_seconds=0.01)
    with pytest.raises(InputError, match="in a moment"):
        pictures.thumbnail("a", 160)
    go_on.set()
    wait_for(lambda: pictures._tried.is_set())
    assert pictures.thumbnail("a", 160)


def test_a_place_without_posts_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no posts"):
        PictureFinder(str(tmp_path))


def test_a_dump_without_rows_has_no_pictures(
    tmp_path: Path, finder: Callable[..., PictureFinder]
) -> None:
    pq.write_table(pa.table({"id": pa.array([], pa.string())}), tmp_path / "a.parquet")
    assert finder(tmp_path).thumbnail("a", 160) is None


def test_a_closed_one_stops_reading_ids(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_json_lines(open_files(str(tmp_path)), ["a"])
    read = threading.Event()

    def endless(*_: object) -> Iterator[tuple[str, int]]:
        while True:
            read.set()
            yield "x", 0

    monkeypatch.setattr(Dump, "places", endless)
    pictures = PictureFinder(str(tmp_path), patience_seconds=0.01)
    assert read.wait(30)
    pictures.close()
    wait_for(lambda: not pictures._looking.locked())


def test_a_thumbnail_is_made_once_and_the_cache_is_bounded(
    tmp_path: Path, finder: Callable[..., PictureFinder], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    make = picture_finder.make_thumbnail

    def counted(data: bytes, size: int, *limits: object) -> bytes:
        made.append(size)
        return make(data, size, *limits)  # type: ignore[arg-type]

    monkeypatch.setattr(picture_finder, "make_thumbnail", counted)
    write_json_lines(open_files(str(tmp_path)), ["a", "b", "c"])
    pictures = finder(tmp_path)
    for _ in range(3):
        assert pictures.thumbnail("a", 160)
    assert pictures.thumbnail("a", 320)
    assert made == [160, 320]
    small = finder(tmp_path, cache_bytes=1)
    for _ in range(2):
        assert small.thumbnail("a", 160)
    assert made == [160, 320, 160, 160]


def test_only_a_trouble_that_passes_is_not_remembered(
    tmp_path: Path, finder: Callable[..., PictureFinder], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_json_lines(open_files(str(tmp_path)), ["a", "b"])
    pictures = finder(tmp_path)
    for transient, post_id in ((True, "a"), (False, "b")):
        with monkeypatch.context() as patch:
            error = PostError(Reason.PICTURE_UNAVAILABLE, "it does not answer", transient)
            patch.setattr(Dump, "picture", Mock(side_effect=error))
            if transient:
                with pytest.raises(InputError, match="does not answer"):
                    pictures.thumbnail(post_id, 160)
            else:
                assert pictures.thumbnail(post_id, 160) is None
        assert (pictures.thumbnail(post_id, 160) is not None) is transient


def test_many_threads_get_the_same(tmp_path: Path, finder: Callable[..., PictureFinder]) -> None:
    write_json_lines(open_files(str(tmp_path)), [str(number) for number in range(20)])
    pictures = finder(tmp_path, cache_bytes=2000, fresh_seconds=0.0)
    asked = [str(number) for number in np.random.default_rng(0).integers(0, 20, 400)]
    with ThreadPoolExecutor(16) as threads:
        widths = list(threads.map(lambda each: width(pictures.thumbnail(each, 160)), asked))
    assert widths == [10 + int(each) for each in asked]


def test_ids_take_twenty_bytes_a_post(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(
        b"".join(b'{"id": "%d", "text": "x"}\n' % number for number in range(5000))
    )
    ids = IdIndex.build(Dump.open(tmp_path))
    assert len(ids) == 5000
    assert ids.hashes.nbytes + ids.numbers.nbytes + ids.places.nbytes == 5000 * 20


def test_a_row_is_found_without_reading_the_row_groups_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [str(number) for number in range(40)]
    write_parquet(open_files(str(tmp_path)), ids)
    dump = Dump.open(tmp_path)
    index = IdIndex.build(dump)
    read: list[int] = []
    batches = parquet._batches

    def noted(file: object, group: int, *others: object) -> object:
        read.append(group)
        return batches(file, group, *others)  # type: ignore[arg-type]

    monkeypatch.setattr(parquet, "_batches", noted)
    post = index.find(dump, "38")
    assert post is not None
    assert (post.image, read) == (picture(38), [9])


def test_an_id_that_has_moved_is_told_from_one_that_is_not_there(tmp_path: Path) -> None:
    write_json_lines(open_files(str(tmp_path)), ["aa", "bb"])
    dump = Dump.open(tmp_path)
    index = IdIndex.build(dump)
    (tmp_path / "a.jsonl").write_bytes(b'{"id": "other", "text": "x"}\n')
    with pytest.raises(MovedError):
        index.find(dump, "aa")
    assert index.find(dump, "cc") is None
