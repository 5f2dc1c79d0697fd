"""CMKP as published with AimKP (AAAI 2026): a JSON file per split, `valid.json` and the like.

A list of objects: `id`, `image` (a file's name), `text`, and `conversations` of two turns: the
question that holds the text ("human"), and the answer, keyphrases between commas ("gpt").
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from posts.errors import InputError, PostError
from posts.imports.picture_folder import picture_name
from posts.post import Post
from posts.records import broken, parse_id, parse_record

LARGEST_FILE = 1 << 30
"""Bytes; the published files have some MB."""

_KNOWN = {"id", "image", "text", "conversations"}
_PICTURE_HERE = "<image>"
_BLANKS = re.compile(r"[ \t\r\n]*")


class AimkpFile:
    """One split in this layout.

    Raises `InputError` if the file is not JSON from end to end: then nobody knows what is missing.
    """

    def __init__(self, path: Path, split: str) -> None:
        self.path = path
        self.split = split
        self._listed = list(_listed(path, _text(path)))
        self.entries = len(self._listed)
        """How many posts there may be, for progress."""
        self.notes: tuple[str, ...] = ()

    def posts(self) -> Iterator[Post]:
        """Posts in order, `image_uri` the name of the picture's file; a bad one is an error.

        Ids are those of the source behind the name of the split, for each split counts from 0.
        """
        for place, (line, entry) in enumerate(self._listed):
            source = f"{self.path.name}:{line}"
            try:
                yield parse_record(_record(entry, self.split, place), source)
            except PostError as error:
                yield Post(id="", source=source, error=error)


def _record(entry: object, split: str, place: int) -> dict[str, Any]:
    if not isinstance(entry, Mapping):
        raise broken("an entry is an object with id, image, text and conversations")
    question, answer = _turns(entry.get("conversations"))
    own = parse_id(entry) if entry.get("id") is not None else f"{place:07d}"
    record = {
        **{name: value for name, value in entry.items() if name not in _KNOWN},
        "id": f"{split}-{own}",
        "text": _post_text(question) if entry.get("text") is None else entry["text"],
        "keyphrases": answer.split(","),
    }
    picture = entry.get("image")
    if not isinstance(picture, str | None):
        raise broken("image must be the name of a file")
    if picture:
        record |= {"image_uri": picture_name(picture), "image_name": picture}
    return record


def _turns(conversation: object) -> tuple[str, str]:
    """Question and answer; raises `PostError`."""
    if isinstance(conversation, list) and all(isinstance(turn, Mapping) for turn in conversation):
        speakers = [turn.get("from") for turn in conversation]
        said = [turn.get("value") for turn in conversation]
        if speakers == ["human", "gpt"] and all(isinstance(words, str) for words in said):
            return said[0], said[1]
    raise broken("conversations must be one question (human) and one answer (gpt), both text")


def _post_text(question: str) -> str:
    """The text inside a question; what is asked about it is the last line."""
    return question.removeprefix(_PICTURE_HERE).rpartition("\n")[0]


def _text(path: Path) -> str:
    with path.open("rb") as stream:
        data = stream.read(LARGEST_FILE + 1)
    if len(data) > LARGEST_FILE:
        raise InputError(f"{path} has more than {LARGEST_FILE:,} bytes; cut it into several")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path}: line {line} is not UTF-8; write it as UTF-8") from None


def _listed(path: Path, text: str) -> Iterator[tuple[int, object]]:
    """The entries of a JSON list, each with the number of the line on which it begins."""
    decoder = json.JSONDecoder()
    position = _after_blanks(text, 0)
    line = 1 + text.count("\n", 0, position)
    if text[position : position + 1] != "[":
        raise _not_json(path, line, "it does not begin with [")
    ahead = ","
    position = _after_blanks(text, position + 1)
    if text[position : position + 1] == "]":
        ahead, position = "]", position + 1
    counted = 0
    while ahead == ",":
        line, counted = line + text.count("\n", counted, position), position
        try:
            entry, stop = decoder.raw_decode(text, position)
        except json.JSONDecodeError as error:
            raise _not_json(path, error.lineno, error.msg.lower()) from None
        except (ValueError, RecursionError) as error:
            raise _not_json(path, line, str(error)) from None
        yield line, entry
        position = _after_blanks(text, stop)
        ahead = text[position : position + 1]
        if ahead not in (",", "]"):
            raise _not_json(path, 1 + text.count("\n", 0, position), "expecting , or ]")
        position = _after_blanks(text, position + 1)
    if text[_after_blanks(text, position) :]:
        raise _not_json(path, 1 + text.count("\n", 0, position), "more follows behind the list")


def _after_blanks(text: str, position: int) -> int:
    found = _BLANKS.match(text, position)
    return found.end() if found else position


def _not_json(path: Path, line: int, why: str) -> InputError:
    return InputError(
        f"{path} is no JSON list of posts: line {line}: {why[:100]}; give a whole file of AimKP"
    )
