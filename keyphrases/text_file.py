"""Text files that a person names: UTF-8, or how to make them so."""

from __future__ import annotations

import codecs
from pathlib import Path

from posts.errors import KeyphraseError

LONGEST = 1_000_000
"""Bytes that are read; no model reads further."""
_BEGINNING = 4096
"""Bytes that tell whether a file without a known ending is text."""
_MARKS = {
    # The longer ones first, for one of them begins as one of the shorter does.
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
"""Byte-order marks, and the encodings that they tell."""


class UnusableFileError(KeyphraseError):
    """A file that cannot be used; the message says why and, where it can be, how to mend it."""


def read_text(path: Path) -> str:
    """The text, or as much of it as lies in the first million bytes.

    Raises UnusableFileError where these are no UTF-8; OSError where they cannot be read.
    """
    with path.open("rb") as stream:
        data = stream.read(LONGEST)
        is_whole = not stream.read(1)
    encoding = _marked_encoding(data)
    if encoding:
        raise UnusableFileError(f"is text in {encoding}; {_convert(encoding)} mends it")
    try:
        text = _decode(data, is_whole=is_whole)
    except UnicodeDecodeError as error:
        raise UnusableFileError(
            f"is not text in UTF-8 (byte {error.start + 1:,} is wrong); if it is Latin-1, "
            f"{_convert('LATIN1')} mends it"
        ) from None
    if "\0" in text:
        raise UnusableFileError(
            f"is not text, for it has NUL bytes; if it is UTF-16, {_convert('UTF-16')} mends it"
        )
    return text


def begins_as_text(path: Path) -> bool:
    """Whether a file's first bytes are text, by UTF-8 or a byte-order mark; OSError as above."""
    with path.open("rb") as stream:
        start = stream.read(_BEGINNING)
        is_whole = not stream.read(1)
    if _marked_encoding(start):
        return True
    try:
        return "\0" not in _decode(start, is_whole=is_whole)
    except UnicodeDecodeError:
        return False


def _decode(data: bytes, *, is_whole: bool) -> str:
    """Strictly; but where more follows, a character may be cut in two at the end."""
    text = codecs.getincrementaldecoder("utf-8")().decode(data, final=is_whole)
    return text.removeprefix("\ufeff")


def _marked_encoding(data: bytes) -> str | None:
    return next((name for mark, name in _MARKS.items() if data.startswith(mark)), None)


def _convert(encoding: str) -> str:
    return f"`iconv -f {encoding} -t UTF-8`"
