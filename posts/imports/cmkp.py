"""CMKP as published with "Cross-Media Keyphrase Prediction" (EMNLP 2020): a line per post.

    TEXT<sep>PHRASE;PHRASE<sep>https://HOST/FOLDER/PICTURE.jpg

The files are named `train_src.txt`, `valid_src.txt` and `test_src.txt`; the pictures are published
apart from them, as files named like the end of their addresses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from posts.errors import PostError
from posts.imports.lines import count_lines, numbered_lines
from posts.imports.picture_folder import picture_name
from posts.imports.wordings import Wordings
from posts.post import Post
from posts.records import broken, parse_record

_BETWEEN_FIELDS = "<sep>"
_BETWEEN_PHRASES = ";"


class CmkpFile:
    """One split in this layout. Raises `OSError` where the file cannot be read."""

    def __init__(self, path: Path, split: str) -> None:
        self.path = path
        self.split = split
        self.entries = count_lines(path)
        """How many posts there may be, for progress."""
        self._wordings = Wordings(path, self.entries)
        self.notes = tuple(self._wordings.notes)
        """What a person should know of the file as a whole."""

    def posts(self) -> Iterator[Post]:
        """Posts in order, `image_uri` the name of the picture's file; a bad line is an error.

        The layout has no ids: a post's is made of the split and the number of the line.
        """
        lines = zip(numbered_lines(self.path), self._wordings.fields(), strict=False)
        for (number, line), wordings in lines:
            source = f"{self.path.name}:{number}"
            try:
                if isinstance(line, PostError):
                    raise line
                if not line.strip():
                    continue
                record = _record(line, wordings) | {"id": f"{self.split}-{number:06d}"}
            except PostError as error:
                yield Post(id="", source=source, error=error)
                continue
            yield parse_record(record, source)


def _record(line: str, wordings: Mapping[str, Any]) -> dict[str, Any]:
    fields = [field.strip() for field in line.split(_BETWEEN_FIELDS)]
    if len(fields) != 3:
        raise broken(
            f"a line is TEXT<sep>PHRASE;PHRASE<sep>PICTURE, but this one has {len(fields)} fields"
        )
    text, phrases, picture = fields
    record: dict[str, Any] = {"text": text, "keyphrases": phrases.split(_BETWEEN_PHRASES)}
    if picture:
        record |= {"image_uri": picture_name(picture), "image_url": picture}
    return {**wordings, **record}
