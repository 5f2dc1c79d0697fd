"""Lines of a text file, each with its number, whatever the file holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from posts.errors import PostError
from posts.records import broken

LONGEST_LINE = 16 << 20
"""Bytes; a longer line is an error and is skipped in small pieces."""

_PIECE = 1 << 20
_BOM = "\ufeff"


def numbered_lines(path: Path) -> Iterator[tuple[int, str | PostError]]:
    """Number (from 1) and content of each line, or why it has none; blank lines count as well.

    Only a line feed ends a line, with or without a carriage return: what else Unicode takes for
    a line's end occurs inside posts. Raises `OSError`.
    """
    number = 0
    with path.open("rb") as stream:
        while line := stream.readline(LONGEST_LINE):
            number += 1
            if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
                while not line.endswith(b"\n") and (line := stream.readline(_PIECE)):
                    pass
                yield number, broken(f"the line is longer than {LONGEST_LINE:,} bytes")
                continue
            yield number, _decoded(line, first=number == 1)


def count_lines(path: Path) -> int:
    """How many lines `numbered_lines` yields."""
    lines, last = 0, b"\n"
    with path.open("rb") as stream:
        while piece := stream.read(_PIECE):
            lines += piece.count(b"\n")
            last = piece[-1:]
    return lines + (last != b"\n")


def _decoded(line: bytes, first: bool) -> str | PostError:
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        return broken(f"byte {error.start + 1} of the line is not UTF-8")
    if first:
        text = text.removeprefix(_BOM)
    return text.removesuffix("\n").removesuffix("\r")
