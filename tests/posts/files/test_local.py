from __future__ import annotations

import os
from pathlib import Path

import pytest

from posts.errors import InputError
from posts.files import open_files
from posts.files.local import LocalFiles


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root").mkdir()
    (tmp_path / "secret").write_text("secret")
    return tmp_path / "root"


def test_a_link_that_leaves_the_folder_is_refused_and_not_listed(root: Path) -> None:
    (root / "link").symlink_to(root.parent / "secret")
    (root / "folder").symlink_to(root.parent)
    files = LocalFiles(root)
    for name in ("link", "folder/secret"):
        with pytest.raises(InputError):
            files.read(name)
        with pytest.raises(InputError):
            files.write(name, b"overwritten")
    assert list(files.list()) == []
    assert (root.parent / "secret").read_text() == "secret"


def test_a_link_that_stays_inside_is_followed(root: Path) -> None:
    (root / "a").write_text("x")
    (root / "b").symlink_to("a")
    files = LocalFiles(root)
    assert files.read("b") == b"x"
    assert [info.name for info in files.list()] == ["a", "b"]
    files.delete("b")
    assert [info.name for info in files.list()] == ["a"]


def test_a_loop_of_links_does_not_hang_the_listing(root: Path) -> None:
    (root / "a").mkdir()
    (root / "a" / "up").symlink_to(root)
    (root / "self").symlink_to("self")
    assert list(LocalFiles(root).list()) == []


def test_a_named_pipe_is_no_file(root: Path) -> None:
    os.mkfifo(root / "pipe")
    files = LocalFiles(root)
    assert files.info("pipe") is None
    assert list(files.list()) == []
    with pytest.raises(FileNotFoundError):
        files.read("pipe")


def test_a_failed_write_leaves_the_old_content_and_no_rest(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = LocalFiles(root)
    files.write("a", b"old")

    def fail(_: int) -> None:
        raise OSError("disk on fire")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="disk on fire"):
        files.write("a", b"new")
    assert files.read("a") == b"old"
    assert [path.name for path in root.iterdir()] == ["a"]


def test_the_rest_of_a_killed_writer_is_not_listed(root: Path) -> None:
    (root / ("." + "0" * 32 + ".part")).write_text("half")
    assert list(LocalFiles(root).list()) == []


def test_a_file_in_place_of_a_folder_is_an_input_error(root: Path) -> None:
    (root / "a").write_text("x")
    with pytest.raises(InputError, match="not a folder"):
        LocalFiles(root / "a").write("b", b"x")


def test_a_file_whose_name_is_no_unicode_is_not_listed(root: Path) -> None:
    (Path(os.fsdecode(os.fsencode(root) + b"/\xff"))).write_text("x")
    assert list(LocalFiles(root).list()) == []


@pytest.mark.parametrize("prefix", ["", "file://", "file://localhost"])
def test_paths_and_file_uris_open_the_same_folder(root: Path, prefix: str) -> None:
    files = open_files(f"{prefix}{root}")
    assert files.root == str(root)


def test_a_file_uri_is_unquoted(root: Path) -> None:
    assert open_files(f"file://{root}/a%20b").root == f"{root}/a b"


@pytest.mark.parametrize(
    "uri", ["", "gs://b/x", "http://x/y", "file://host/x", "s3://", "s3://b!/x"]
)
def test_other_places_are_input_errors(uri: str) -> None:
    with pytest.raises(InputError):
        open_files(uri)
