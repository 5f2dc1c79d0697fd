"""Which files of what the user gave are splits, and in which layout."""

from __future__ import annotations

from pathlib import Path

import pytest

from posts.errors import InputError
from posts.imports.aimkp import AimkpFile
from posts.imports.cmkp import CmkpFile
from posts.imports.sources import find_splits
from tests.posts.imports.published import entry, line, write_json, write_lines


def test_a_folder_gives_its_splits_in_order(tmp_path: Path) -> None:
    for split in ("valid", "test", "train"):
        write_lines(tmp_path / f"{split}_src.txt", line("x", ["a"]))
    write_lines(tmp_path / "train_ocr.txt", "not a split")
    write_json(tmp_path / "test.json", entry(0, "x", ["a"]))
    write_json(tmp_path / "other.json", {})
    found, below = find_splits(str(tmp_path), "cmkp")
    assert [(file.split, type(file)) for file in found] == [
        ("train", CmkpFile),
        ("valid", CmkpFile),
        ("test", CmkpFile),
    ]
    assert below
    found, _ = find_splits(str(tmp_path), "aimkp")
    assert [(file.split, type(file)) for file in found] == [("test", AimkpFile)]


def test_a_file_is_one_split_and_cmkp_knows_json_by_its_content(tmp_path: Path) -> None:
    brackets = write_lines(tmp_path / "t_src.txt", line("[ <user> ] said", ["a"]))
    json_file = write_json(tmp_path / "some.data", entry(0, "x", ["a"]))
    for path, kind, split in (
        (brackets, CmkpFile, "t"),
        (json_file, AimkpFile, "some"),
        (write_json(tmp_path / "valid.json", entry(0, "x", ["a"])), AimkpFile, "valid"),
    ):
        found, below = find_splits(str(path), "cmkp")
        assert [(type(file), file.split) for file in found] == [(kind, split)]
        assert not below


def test_what_holds_no_post_is_refused(tmp_path: Path) -> None:
    empty = write_lines(tmp_path / "empty" / "train_src.txt")
    broken = write_lines(tmp_path / "broken" / "train_src.txt", "x", "y<sep>z")
    nothing = write_json(tmp_path / "none.json")
    (tmp_path / "bare").mkdir()
    for source, layout, told in (
        (empty, "cmkp", "empty"),
        (empty.parent, "cmkp", "empty"),
        (broken, "cmkp", "train_src.txt:1"),
        (nothing, "aimkp", "empty"),
        (broken, "aimkp", "begin with ["),
        (tmp_path / "bare", "cmkp", "train_src.txt or train.json"),
        (tmp_path / "gone", "cmkp", "gone"),
    ):
        with pytest.raises(InputError) as error:
            find_splits(str(source), layout)
        assert told in str(error.value)
    with pytest.raises(InputError, match="not local"):
        find_splits("s3://bucket/data", "cmkp")
