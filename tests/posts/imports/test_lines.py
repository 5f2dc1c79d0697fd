"""Lines as they are, with the numbers that editors show."""

from __future__ import annotations

from pathlib import Path

from posts.imports.lines import count_lines, numbered_lines


def test_only_a_line_feed_ends_a_line_and_its_end_is_no_part_of_it(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("\ufeffone \r\n\r\ntwo\u2028two\x0c\rtwo\nend".encode())
    expected = [(1, "one "), (2, ""), (3, "two\u2028two\x0c\rtwo"), (4, "end")]
    assert list(numbered_lines(path)) == expected
    assert count_lines(path) == 4


def test_an_empty_file_has_no_lines(tmp_path: Path) -> None:
    (tmp_path / "a.txt").touch()
    assert (list(numbered_lines(tmp_path / "a.txt")), count_lines(tmp_path / "a.txt")) == ([], 0)
