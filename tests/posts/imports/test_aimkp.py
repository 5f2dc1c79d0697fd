"""AimKP's JSON: what an entry says, and what broken ones cost."""

from __future__ import annotations

from pathlib import Path

import pytest

from posts.errors import InputError
from posts.imports.aimkp import AimkpFile
from tests.posts.imports.published import entry, write_json


def test_an_entry_is_a_post(tmp_path: Path) -> None:
    one = entry(0, "go <user> !", ["charge on", "hoops"], image="D1.jpg", likes=3)
    path = write_json(tmp_path / "valid.json", one)
    (post,) = AimkpFile(path, "valid").posts()
    assert post.id == "valid-0000000"
    assert (post.text, post.keyphrases) == ("go <user> !", ("charge on", "hoops"))
    assert (post.image_uri, post.extra) == ("D1.jpg", {"image_name": "D1.jpg", "likes": 3})
    assert (post.source, post.error) == ("valid.json:2", None)


def test_a_text_that_stands_only_in_the_question_is_found(tmp_path: Path) -> None:
    one = entry(0, "two\nlines", ["a"])
    del one["text"]
    (post,) = AimkpFile(write_json(tmp_path / "a.json", one), "a").posts()
    assert post.text == "two\nlines"


def test_an_entry_without_an_id_is_named_by_its_place(tmp_path: Path) -> None:
    first, second = entry(0, "x", ["a"]), entry(1, "y", ["b"])
    del second["id"]
    posts = AimkpFile(write_json(tmp_path / "a.json", first, second), "a").posts()
    assert [post.id for post in posts] == ["a-0000000", "a-0000001"]


@pytest.mark.parametrize(
    "broken",
    [
        7,
        [],
        entry(1, "x", ["a"]) | {"conversations": []},
        entry(1, "x", ["a"]) | {"conversations": [{"from": "human"}, {"from": "gpt"}]},
        entry(1, "x", ["a"]) | {"conversations": "kca"},
        entry(1, "x", ["a"]) | {"id": ["1"]},
        entry(1, "x", ["a"]) | {"id": "1" * 600},
        entry(1, "x", ["a"]) | {"text": 5},
        entry(1, "x", ["a"]) | {"image": ["a.jpg"]},
        entry(1, "", ["a"]),
    ],
)
def test_a_broken_entry_is_an_error_with_its_line_and_costs_no_other(
    tmp_path: Path, broken: object
) -> None:
    path = write_json(tmp_path / "a.json", entry(0, "x", ["a"]), broken, entry(2, "z", ["c"]))
    posts = list(AimkpFile(path, "a").posts())
    assert [post.text for post in posts if post.error is None] == ["x", "z"]
    (bad,) = (post for post in posts if post.error)
    begins = path.read_text().splitlines()[: int(bad.source.rpartition(":")[2])]
    assert begins[-1].startswith("  ")
    assert begins[-2] == "  },"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'[\n{"id": "1"},\n{"id"', "line 3"),
        (b'[\n{"id": "1"}\n{"id": "2"}]', "line 3"),
        (b'[{"id": "1"}] x', "line 1"),
        (b'[{"id": "1"},]', "line 1"),
        (b"[\n" + b"[" * 200_000, "line 2"),
        (b"[\n" + b"9" * 6000 + b"]", "line 2"),
        (b'{"id": "1"}', "begin with ["),
        (b'[\n"\xff"]', "line 2"),
        (b"", "begin with ["),
    ],
)
def test_a_file_that_is_not_json_throughout_is_refused(
    tmp_path: Path, content: bytes, told: str
) -> None:
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(InputError) as error:
        AimkpFile(tmp_path / "a.json", "a")
    assert told in str(error.value)
    assert "a.json" in str(error.value)


def test_a_byte_order_mark_and_half_a_character_do_no_harm(tmp_path: Path) -> None:
    one = '\ufeff [ {"id": 5, "text": "cut \\ud83d", "conversations": [{"from": "human", '
    one += '"value": "q"}, {"from": "gpt", "value": "a , b,"}]} ]\r\n'
    (tmp_path / "a.json").write_text(one, encoding="utf-8", newline="")
    (post,) = AimkpFile(tmp_path / "a.json", "a").posts()
    assert (post.id, post.text, post.keyphrases) == ("a-5", "cut \ufffd", ("a", "b"))
