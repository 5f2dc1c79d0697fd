"""Text files that a person names."""

from pathlib import Path

import pytest

from keyphrases.text_file import LONGEST, UnusableFileError, begins_as_text, read_text


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "text"


def test_a_long_text_is_cut_between_characters(file: Path) -> None:
    file.write_text("a" + "é" * LONGEST, encoding="utf-8")
    assert read_text(file) == "a" + "é" * (LONGEST // 2 - 1)


@pytest.mark.parametrize("place", [0, 5000, LONGEST - 3])
@pytest.mark.parametrize("length", [LONGEST, 2 * LONGEST])
def test_a_broken_byte_is_told_wherever_it_is_and_however_long_the_text(
    file: Path, place: int, length: int
) -> None:
    content = bytearray(b"a" * length)
    content[place] = 0xE9
    file.write_bytes(content)
    with pytest.raises(UnusableFileError, match=f"byte {place + 1:,} is wrong.*LATIN1"):
        read_text(file)


def test_a_character_that_the_end_of_the_file_cuts_is_broken(file: Path) -> None:
    file.write_bytes("caf\xe9".encode()[:-1])
    with pytest.raises(UnusableFileError, match="byte 4 is wrong"):
        read_text(file)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_text_in_another_encoding_says_how_to_mend_it(file: Path, encoding: str) -> None:
    file.write_text("a café", encoding=encoding)
    assert begins_as_text(file)
    with pytest.raises(UnusableFileError, match=f"`iconv -f {encoding.upper()} -t UTF-8` mends"):
        read_text(file)


def test_text_in_utf_16_without_a_mark_is_told_too(file: Path) -> None:
    file.write_text("a cat", encoding="utf-16-le")
    assert not begins_as_text(file)
    with pytest.raises(UnusableFileError, match="NUL bytes; if it is UTF-16"):
        read_text(file)


def test_a_byte_order_mark_is_no_part_of_a_text_in_utf_8(file: Path) -> None:
    file.write_text("a cat", encoding="utf-8-sig")
    assert read_text(file) == "a cat"


@pytest.mark.parametrize(
    ("content", "expected"),
    [(("a" + "é" * 9000).encode(), True), (b"", True), (b"%PDF\n%\xe2\xe3", False)],
)
def test_how_a_file_begins_tells_whether_it_is_text(
    file: Path, content: bytes, expected: bool
) -> None:
    file.write_bytes(content)
    assert begins_as_text(file) == expected
