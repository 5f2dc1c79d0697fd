"""A folder of the user's pictures becomes a dump."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from keyphrases.demo.own_pictures import find_pictures, write_dump
from posts.dump import Dump
from posts.errors import InputError
from posts.post import Post
from tests.sample_pictures import encoded, plain


def draw(path: Path) -> Path:
    path.write_bytes(encoded(plain()))
    return path


def posts_of(place: Path) -> dict[str, Post]:
    return {post.id: post for post in Dump.open(place).posts()}


def test_pictures_are_copied_as_they_are_with_the_text_beside_them(tmp_path: Path) -> None:
    folder = tmp_path / "holiday"
    folder.mkdir()
    picture = draw(folder / "cat.png").read_bytes()
    (folder / "cat.txt").write_text("on the sofa")
    draw(folder / "dog.PNG")
    (folder / "broken.jpg").write_bytes(b"no picture")

    assert write_dump(find_pictures(folder), tmp_path / "dump") == []

    posts = posts_of(tmp_path / "dump")
    assert {id: (post.text, post.image) for id, post in posts.items()} == {
        "broken.jpg": ("", b"no picture"),
        "cat.png": ("on the sofa", picture),
        "dog.PNG": ("", picture),
    }
    assert {post.keyphrases for post in posts.values()} == {None}


def test_subfolders_hidden_files_and_texts_of_no_picture_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "deeper").mkdir()
    for name in ("a.png", "deeper/b.png", ".hidden.png"):
        draw(tmp_path / name)
    (tmp_path / "notes.txt").write_text("notes")

    assert [post.id for post in find_pictures(tmp_path)] == [str(tmp_path / "a.png")]


@pytest.mark.parametrize("name", ["notes.txt", "table.csv", ".hidden.png"])
def test_a_folder_without_a_picture_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("words")
    with pytest.raises(InputError, match=str(tmp_path)):
        find_pictures(tmp_path)


def test_files_that_cannot_be_read_are_left_out_and_told(tmp_path: Path) -> None:
    draw(tmp_path / "a.png")
    draw(tmp_path / "b.png")
    (tmp_path / "a.txt").write_bytes("caf\xe9".encode("latin-1"))

    left_out = write_dump(find_pictures(tmp_path), tmp_path / "dump")

    ((name, why),) = left_out
    assert name == "a.png"
    assert f"its text {tmp_path / 'a.txt'} is not text in UTF-8" in why
    assert set(posts_of(tmp_path / "dump")) == {"b.png"}


def test_a_folder_of_which_nothing_can_be_read_is_refused_and_leaves_nothing(
    tmp_path: Path,
) -> None:
    draw(tmp_path / "a.png")
    (tmp_path / "a.txt").write_bytes(b"\xff")

    with pytest.raises(InputError, match=r"a\.png cannot be used: its text .*a\.txt is not text"):
        write_dump(find_pictures(tmp_path), tmp_path / "dump")

    assert list((tmp_path / "dump").iterdir()) == []


def test_a_name_that_is_no_unicode_becomes_an_id_that_is(tmp_path: Path) -> None:
    raw = os.fsencode(tmp_path) + b"/caf\xe9.png"
    try:
        Path(os.fsdecode(raw)).write_bytes(encoded(Image.new("RGB", (8, 8))))
    except OSError:
        pytest.skip("this file system takes Unicode names only")

    write_dump(find_pictures(tmp_path), tmp_path / "dump")

    assert list(posts_of(tmp_path / "dump")) == ["caf\ufffd.png"]
