"""What CMKP publishes beside a split: words for its pictures, and text read in them.

`SPLIT_attribute_cleaned.txt` has the words of a picture in a line, `SPLIT_ocr_final.txt` the text;
line by line they go with `SPLIT_src.txt`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from posts.imports.lines import count_lines, numbered_lines

_SOURCE = "_src.txt"
_WORDS = "_attribute_cleaned.txt"
_TEXT = "_ocr_final.txt"


class Wordings:
    """The files of wordings beside a split of `lines` lines, as far as there are any.

    One that has another number of lines cannot be told apart from one of other posts, and is
    left out with a word in `notes`.
    """

    def __init__(self, source: Path, lines: int) -> None:
        self.notes: list[str] = []
        self._words = self._beside(source, _WORDS, lines)
        self._text = self._beside(source, _TEXT, lines)

    def fields(self) -> Iterator[dict[str, Any]]:
        """For each line of the split in turn `image_words` and `ocr_text`, where they are known."""
        words, text = _contents(self._words), _contents(self._text)
        while True:
            found: dict[str, Any] = {}
            if (line := next(words, None)) is not None:
                found["image_words"] = line.split()
            if (line := next(text, None)) is not None:
                found["ocr_text"] = line.strip()
            yield found

    def _beside(self, source: Path, ending: str, lines: int) -> Path | None:
        if not source.name.endswith(_SOURCE):
            return None
        path = source.with_name(source.name.removesuffix(_SOURCE) + ending)
        if not path.is_file():
            return None
        has = count_lines(path)
        if has == lines:
            return path
        self.notes.append(
            f"{path.name} is left out: it has {has:,} lines, and {source.name} has {lines:,}"
        )
        return None


def _contents(path: Path | None) -> Iterator[str | None]:
    if path is not None:
        for _, line in numbered_lines(path):
            yield line if isinstance(line, str) else None
