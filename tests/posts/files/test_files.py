"""Both kinds of `Files` keep the same promises."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from posts.errors import InputError
from posts.files import Files, open_files


@pytest.fixture(params=["local", "s3"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Files:
    if request.param == "local":
        return open_files(str(tmp_path / "root"))
    return open_files(f"s3://{request.getfixturevalue('s3').bucket()}/some/prefix")


def test_a_written_file_is_read_back(files: Files) -> None:
    files.write("a/b.txt", b"hello")
    assert files.read("a/b.txt") == b"hello"
    assert files.read("a/b.txt", 2) == b"he"
    assert files.read("a/b.txt", 0) == b""
    assert files.read("a/b.txt", 100) == b"hello"


def test_an_empty_file_is_a_file(files: Files) -> None:
    files.write("empty", b"")
    assert files.read("empty") == b""
    assert files.read("empty", 10) == b""
    info = files.info("empty")
    assert info is not None
    assert info.size == 0
    with files.open("empty") as stream:
        assert stream.read() == b""


def test_names_with_odd_characters_work(files: Files) -> None:
    for name in ("a b+c%20.txt", "ünï/猫.txt", "q?x=1&y#z", "quote'\"s"):
        files.write(name, name.encode())
        assert files.read(name) == name.encode()
        assert name in [info.name for info in files.list()]


def test_listing_is_recursive_and_ordered_by_name(files: Files) -> None:
    for name in ("b", "a/z", "a.txt", "a/b/c", "a-1", "c"):
        files.write(name, b"x")
    names = [info.name for info in files.list()]
    # SeaweedFS lists folder by folder.
    names = sorted(names) if files.root.startswith("s3:") else names
    assert names == ["a-1", "a.txt", "a/b/c", "a/z", "b", "c"]
    assert [info.name for info in files.list("a")] == ["a/b/c", "a/z"]


def test_listing_and_info_agree(files: Files) -> None:
    files.write("a", b"12345")
    assert list(files.list()) == [files.info("a")]
    assert next(files.list()).size == 5


def test_an_absent_folder_lists_nothing(files: Files) -> None:
    assert list(files.list("nowhere")) == []


def test_a_missing_file_is_not_found(files: Files) -> None:
    files.write("there", b"")
    assert files.info("gone") is None
    for read in (files.read, files.open):
        with pytest.raises(FileNotFoundError):
            read("gone")
    files.delete("gone")


def test_deleting_removes(files: Files) -> None:
    files.write("a", b"x")
    files.delete("a")
    assert files.info("a") is None


def test_the_version_changes_with_the_content(files: Files) -> None:
    versions = set()
    for content in (b"one", b"two", b"six", b"ten"):
        files.write("a", content)
        info = files.info("a")
        assert info is not None
        versions.add(info.version)
    assert len(versions) == 4


def test_create_refuses_what_exists(files: Files) -> None:
    files.create("a", b"first")
    with pytest.raises(FileExistsError):
        files.create("a", b"second")
    assert files.read("a") == b"first"


def test_one_of_many_racing_creators_wins(files: Files) -> None:
    def claim(number: int) -> bool:
        try:
            files.create("claim", str(number).encode())
        except FileExistsError:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        won = list(threads.map(claim, range(8)))
    assert sum(won) == 1
    assert files.read("claim") == str(won.index(True)).encode()


def test_replace_needs_the_present_version(files: Files) -> None:
    files.replace("a", b"one", None)
    first = files.info("a")
    assert first is not None
    files.replace("a", b"two", first.version)
    with pytest.raises(FileExistsError):
        files.replace("a", b"six", first.version)
    with pytest.raises(FileExistsError):
        files.replace("a", b"six", None)
    with pytest.raises(FileExistsError):
        files.replace("absent", b"six", first.version)
    assert files.read("a") == b"two"


def test_racing_replacements_lose_no_update(files: Files) -> None:
    files.write("count", b"0")

    def add_one(_: int) -> None:
        while True:
            info = files.info("count")
            assert info is not None
            value = int(files.read("count"))
            try:
                return files.replace("count", str(value + 1).encode(), info.version)
            except FileExistsError:
                continue

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(add_one, range(12)))
    assert files.read("count") == b"12"


def test_the_stream_seeks_and_reads(files: Files) -> None:
    content = bytes(range(256)) * 20_000
    files.write("big", content)
    with files.open("big", start=300) as stream:
        assert stream.tell() == 300
        assert stream.read(10) == content[300:310]
        assert stream.seek(-5, io.SEEK_END) == len(content) - 5
        assert stream.read() == content[-5:]
        stream.seek(2_000_000)
        assert stream.read(3_000_000) == content[2_000_000:5_000_000]
        assert stream.seek(len(content) + 9) == len(content) + 9
        assert stream.read(1) == b""


@pytest.mark.parametrize(
    "name",
    ["", "/etc/passwd", "../x", "a/../../x", "a//b", "./a", "a/", "a\\..\\b", "a\0b", "n" * 1100],
)
def test_names_that_are_no_plain_paths_below_the_root_are_refused(files: Files, name: str) -> None:
    calls: list[Callable[[], object]] = [
        lambda: files.info(name),
        lambda: files.read(name),
        lambda: files.open(name),
        lambda: files.write(name, b""),
        lambda: files.create(name, b""),
        lambda: files.replace(name, b"", "v"),
        lambda: files.delete(name),
    ]
    for call in calls:
        with pytest.raises(InputError):
            call()


def test_files_survive_pickling(files: Files) -> None:
    files.write("a", b"x")
    assert pickle.loads(pickle.dumps(files)).read("a") == b"x"  # noqa: S301 - our own bytes
