"""CMKP's lines: what they say, and what broken ones cost."""

from __future__ import annotations

from pathlib import Path

import pytest

from posts.errors import Reason
from posts.imports import lines as lines_module
from posts.imports.cmkp import CmkpFile
from tests.posts.imports.published import WEB, line, write_lines


def test_a_line_is_text_phrases_and_picture(tmp_path: Path) -> None:
    path = write_lines(
        tmp_path / "valid_src.txt",
        line("go <user> , <number> - <number> !", ["charge on", "hoops"], f"{WEB}/D1-a_b.jpg"),
        line("no picture", ["cats"]),
    )
    first, second = CmkpFile(path, "valid").posts()
    assert first.id == "valid-000001"
    assert first.text == "go <user> , <number> - <number> !"
    assert first.keyphrases == ("charge on", "hoops")
    assert first.image_uri == "D1-a_b.jpg"
    assert first.extra == {"image_url": f"{WEB}/D1-a_b.jpg"}
    assert first.source == "valid_src.txt:1"
    assert (second.id, second.image_uri, second.extra) == ("valid-000002", None, {})
    assert second.error is None


def test_line_ends_and_odd_unicode_change_nothing(tmp_path: Path) -> None:
    texts = [
        "first\u2028still the first",
        "next\x85to\x0bit\x1c",
        "猫 🐈\u200d⬛ e\u0301",
        "last\0",
    ]
    written = [line(text, ["é", "猫"], "x.jpg") for text in texts]
    path = write_lines(tmp_path / "a_src.txt", "\ufeff" + written[0], *written[1:], end=b"\r\n")
    posts = list(CmkpFile(path, "a").posts())
    assert [post.text for post in posts] == [*texts[:1], "next\x85to\x0bit", texts[2], "last"]
    assert {post.keyphrases for post in posts} == {("é", "猫")}
    assert {post.image_uri for post in posts} == {"x.jpg"}


def test_a_broken_line_is_an_error_with_its_number_and_costs_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines_module, "LONGEST_LINE", 200)
    monkeypatch.setattr(lines_module, "_PIECE", 16)
    path = write_lines(
        tmp_path / "t_src.txt",
        "no separator at all",
        line("good", ["a"], "x.jpg"),
        "",
        "one<sep>two",
        line("a<sep>b", ["c"], "x.jpg"),
        b"\xff\xfe" + line("t", ["a"]).encode(),
        line("x" * 500, ["a"]),
        line("", ["a"]),
        line("good again", []),
    )
    file = CmkpFile(path, "t")
    posts = list(file.posts())
    assert file.entries == 9
    assert [post.text for post in posts if post.error is None] == ["good", "good again"]
    assert [post.id for post in posts if post.error is None] == ["t-000002", "t-000009"]
    broken = [(post.source, post.error.reason) for post in posts if post.error]
    assert broken == [
        *((f"t_src.txt:{number}", Reason.BROKEN_RECORD) for number in (1, 4, 5, 6, 7)),
        ("t_src.txt:8", Reason.EMPTY_POST),
    ]


def test_a_last_line_without_an_end_counts(tmp_path: Path) -> None:
    path = tmp_path / "t_src.txt"
    path.write_text(line("one", ["a"]) + "\n" + line("two", ["b"]))
    file = CmkpFile(path, "t")
    assert (file.entries, [post.text for post in file.posts()]) == (2, ["one", "two"])


def test_wordings_that_lie_beside_go_with_their_lines(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "v_src.txt", line("one", ["a"]), "broken", line("three", ["b"]))
    write_lines(tmp_path / "v_attribute_cleaned.txt", "man dog", "cat", "red boat")
    write_lines(tmp_path / "v_ocr_final.txt", "sale today", "", "")
    first, _, third = CmkpFile(path, "v").posts()
    assert first.extra == {"image_words": ["man", "dog"], "ocr_text": "sale today"}
    assert third.extra == {"image_words": ["red", "boat"], "ocr_text": ""}


def test_wordings_of_another_length_are_left_out_and_told(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "v_src.txt", line("one", ["a"]))
    write_lines(tmp_path / "v_ocr_final.txt", "sale", "more")
    file = CmkpFile(path, "v")
    assert [post.extra for post in file.posts()] == [{}]
    assert len(file.notes) == 1
    assert "v_ocr_final.txt" in file.notes[0]
