"""A dump that is being written is nobody's dump until it is finished."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from posts.dump import Dump
from posts.errors import InputError
from posts.files import open_files
from posts.new_dump import NewDump
from posts.post import Post
from tests.servers.s3 import S3Server

POSTS = [Post(id="1", text="x")]


@pytest.fixture(params=["local", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "local":
        return str(tmp_path / "a" / "dump")
    server: S3Server = request.getfixturevalue("s3")
    return f"s3://{server.bucket()}/a/dump"


def names(place: str) -> list[str]:
    return [info.name for info in open_files(place).list()]


def test_each_part_and_the_whole_are_dumps_once_finished(place: str) -> None:
    with NewDump(place, ["train", "test"]) as dump:
        dump.add("train", POSTS)
        dump.add("test", [Post(id="2", text="y")])
    assert sorted(names(place)) == ["test/posts-00001.parquet", "train/posts-00001.parquet"]
    assert [post.id for post in Dump.open(f"{place}/train").posts()] == ["1"]
    assert sorted(post.id for post in Dump.open(place).posts()) == ["1", "2"]


def test_what_a_kill_leaves_is_refused_by_readers_and_writers(place: str) -> None:
    killed = NewDump(place, ["train", "test"])
    killed.__enter__()
    killed.add("train", POSTS)
    parent = place.rpartition("/")[0]
    for left in (place, f"{place}/train", parent):
        with pytest.raises(InputError, match="not finished"):
            Dump.open(left).fragments()
    open_files(parent).write("another/a.jsonl", b'{"id": "3"}\n')
    with pytest.raises(InputError, match="not finished"):
        Dump.open(parent).fragments()
    with pytest.raises(InputError, match="not finished"), NewDump(place, [""]):
        pass
    assert "train/posts-00001.parquet" in names(place)


def test_an_error_leaves_nothing(place: str) -> None:
    def failing() -> Iterator[Post]:
        yield from POSTS
        raise KeyboardInterrupt

    def write() -> None:
        with NewDump(place, ["train", "test"]) as dump:
            dump.add("train", POSTS)
            dump.add("test", failing())

    with pytest.raises(KeyboardInterrupt):
        write()
    assert names(place) == []


def test_a_place_that_holds_something_is_refused_and_left_as_it_is(place: str) -> None:
    open_files(place).write("notes.txt", b"mine")
    with pytest.raises(InputError, match=r"notes\.txt"), NewDump(place, [""]):
        pass
    assert names(place) == ["notes.txt"]


def test_of_two_writers_at_the_same_time_one_is_refused(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = NewDump(place, ["train"])
    monkeypatch.setattr(second.files, "list", lambda: iter(()))
    with NewDump(place, ["train"]) as first:
        with pytest.raises(InputError, match="another job"), second:
            pass
        first.add("train", POSTS)
    assert names(place) == ["train/posts-00001.parquet"]


def test_a_file_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "dump").write_text("a file")
    with (
        pytest.raises(InputError, match="file and not a folder"),
        NewDump(f"{tmp_path}/dump", [""]),
    ):
        pass
