"""What is fit for a terminal."""

import pytest

from keyphrases.console import printable


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("two\nlines\tof  text ", "two lines of text"),
        ("\x1b[31mred\x07\x9b2J\x00", "[31mred 2J"),
        ("abc\u202egpj.exe\u2066\u2028", "abc gpj.exe"),
        ("café 猫 שלום [b]", "café 猫 שלום [b]"),
        ("\udcff name", "name"),
    ],
)
def test_what_could_command_a_terminal_is_left_out(words: str, expected: str) -> None:
    assert printable(words) == expected
