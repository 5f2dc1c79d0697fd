"""Posts with several pictures: alike in all formats, in order, and within limits."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from posts.dump import Dump
from posts.errors import PostError, Reason
from posts.picture_finder import PictureFinder
from posts.pictures import PictureLimits
from posts.post import Post
from posts.records import MOST_PICTURES, parse_record
from posts.writing import write_json_lines, write_parquet
from tests.indexer.dumps import jpeg

ONE, TWO, THREE = b"one", b"two", b"three"


def parquet(folder: Path) -> None:
    row = {"id": "a", "image": ONE, "images": [TWO, None, THREE]}
    pq.write_table(pa.Table.from_pylist([row, {"id": "b", "image": ONE}]), folder / "a.parquet")


def structs(folder: Path) -> None:
    images = [{"bytes": one, "path": None} for one in (ONE, TWO, THREE)]
    rows = [{"id": "a", "images": images}, {"id": "b", "images": images[:1]}]
    pq.write_table(pa.Table.from_pylist(rows), folder / "a.parquet")


def json_lines(folder: Path) -> None:
    for name, data in [("1", ONE), ("2", TWO), ("3", THREE)]:
        (folder / name).write_bytes(data)
    records = [{"id": "a", "image_uris": ["1", "2", "", "3", "2"]}, {"id": "b", "image_uri": "1"}]
    (folder / "a.jsonl").write_text("".join(json.dumps(one) + "\n" for one in records))


def tar(folder: Path) -> None:
    members = [
        ("a.10.png", THREE),
        ("a.jpg", ONE),
        ("a.2.JPG", TWO),
        ("a.2.png", b"second"),
        ("a.x.jpg", b""),
    ]
    write_tar(folder, [*members, ("b.1.webp", ONE)])


def write_tar(folder: Path, members: list[tuple[str, bytes]]) -> None:
    with tarfile.open(folder / "a.tar", "w") as file:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            file.addfile(info, io.BytesIO(data))


@pytest.mark.parametrize("write", [parquet, structs, json_lines, tar])
def test_pictures_come_in_order_from_every_format(tmp_path: Path, write: Any) -> None:
    write(tmp_path)
    dump = Dump.open(tmp_path)
    several, single = dump.posts()
    assert list(dump.all_pictures(several)) == [ONE, TWO, THREE]
    assert [dump.picture(several, number) for number in range(3)] == [ONE, TWO, THREE]
    assert (dump.picture(single), single.images) == (ONE, ())
    (fragment,) = dump.fragments()
    found = {id: dump.read_at(fragment, place) for id, place in dump.places(fragment)}
    assert list(dump.all_pictures(found["a"])) == [ONE, TWO, THREE]
    assert not several.extra


def test_the_first_of_a_list_is_the_picture_where_there_is_no_other() -> None:
    post = parse_record({"id": "1", "image_uris": ["b.jpg", "c.jpg"], "images": [b"a"]}, "x:1")
    assert (post.image, post.image_uri, post.images) == (b"a", None, ("b.jpg", "c.jpg"))
    post = parse_record({"id": "1", "image_uri": "a.jpg", "image_uris": ["a.jpg", "b.jpg"]}, "x:1")
    assert (post.image, post.image_uri, post.images) == (None, "a.jpg", ("b.jpg",))
    post = parse_record({"id": "1", "text": "x", "images": None, "image_uris": []}, "x:1")
    assert (post.error, post.pictures) == (None, ())


@pytest.mark.parametrize(
    ("record", "says"),
    [
        ({"images": ["a.jpg"]}, "image_uris"),
        ({"images": 3}, "images must be a list"),
        ({"images": [[b"x"]]}, "image must be bytes"),
        ({"image_uris": "a.jpg"}, "image_uris must be a list of strings"),
        ({"image_uris": [{}]}, "image_uris must be a list of strings"),
    ],
)
def test_what_is_no_list_of_pictures_is_a_broken_record(record: dict[str, Any], says: str) -> None:
    error = parse_record({"id": "1", "text": "x", **record}, "x:1").error
    assert error is not None
    assert error.reason is Reason.BROKEN_RECORD
    assert says in error.detail


def test_a_post_has_a_bounded_number_of_pictures(tmp_path: Path) -> None:
    names = [f"{number}.jpg" for number in range(MOST_PICTURES + 1)]
    assert parse_record({"id": "1", "image_uris": names[1:]}, "x:1").error is None
    post = parse_record({"id": "1", "image_uris": names}, "x:1")
    assert str(post.error) == "too many pictures: 65 pictures, more than 64"
    write_tar(tmp_path, [(f"a.{name}", b"x%d" % n) for n, name in enumerate(names)])
    (post,) = Dump.open(tmp_path).posts()
    assert str(post.error) == str(parse_record({"id": "1", "image_uris": names}, "x:1").error)


@pytest.mark.parametrize("write", [parquet, json_lines])
def test_pictures_of_a_post_have_bounded_bytes_together(tmp_path: Path, write: Any) -> None:
    write(tmp_path)
    dump = Dump.open(tmp_path, PictureLimits(together=len(ONE + TWO)))
    post = next(dump.posts())
    *good, error = dump.all_pictures(post)
    assert good == [ONE, TWO]
    assert isinstance(error, PostError)
    assert str(error) == "picture too large: its pictures have more than 6 bytes together"
    # Once it is too much nothing more is fetched.
    few = Dump.open(tmp_path, PictureLimits(together=len(ONE)))
    first, too_much = few.all_pictures(post)
    assert first == ONE
    assert isinstance(too_much, PostError)


def test_a_tar_is_not_read_beyond_the_bytes_of_a_posts_pictures(tmp_path: Path) -> None:
    tar(tmp_path)
    several, single = Dump.open(tmp_path, PictureLimits(together=10)).posts()
    assert several.error is not None
    assert several.error.reason is Reason.PICTURE_TOO_LARGE
    assert "together" in several.error.detail
    assert single.error is None


def test_a_picture_that_is_not_there_costs_no_other(tmp_path: Path) -> None:
    json_lines(tmp_path)
    (tmp_path / "2").unlink()
    dump = Dump.open(tmp_path)
    one, missing, three = dump.all_pictures(next(dump.posts()))
    assert (one, three) == (ONE, THREE)
    assert isinstance(missing, PostError)
    assert missing.reason is Reason.PICTURE_MISSING


@pytest.mark.parametrize("form", ["parquet", "jsonl"])
def test_what_is_written_is_read_back(tmp_path: Path, form: str) -> None:
    pictures = [jpeg(number) for number in range(3)]
    posts = [
        Post(id="1", text="several", image=pictures[0], images=tuple(pictures[1:])),
        Post(id="2", text="one", image=pictures[1]),
        Post(id="3", text="none"),
    ]
    if form == "parquet":
        write_parquet(posts, tmp_path / "a.parquet")
    else:
        write_json_lines(posts, tmp_path)
    dump = Dump.open(tmp_path)
    assert [list(dump.all_pictures(post)) for post in dump.posts()] == [
        pictures,
        [pictures[1]],
        [],
    ]


def test_without_several_pictures_a_file_has_the_columns_it_always_had(tmp_path: Path) -> None:
    write_parquet([Post(id="1", text="one", image=ONE)], tmp_path / "a.parquet")
    names = pq.read_schema(tmp_path / "a.parquet").names
    assert names == ["id", "text", "image", "image_uri", "created_at", "keyphrases"]


def test_a_finder_knows_all_pictures_of_a_post(tmp_path: Path) -> None:
    pictures = [jpeg(number) for number in range(3)]
    write_parquet(
        [Post(id="1", image=pictures[0], images=tuple(pictures[1:]))], tmp_path / "a.parquet"
    )
    with PictureFinder(str(tmp_path), patience_seconds=20) as finder:
        assert [finder.picture("1", number) for number in range(3)] == pictures
        assert finder.picture("1") == pictures[0]
        assert finder.picture("1", 3) is None
        first, second = finder.thumbnail("1", 30), finder.thumbnail("1", 30, 1)
    assert first is not None
    assert second is not None
    assert first != second
