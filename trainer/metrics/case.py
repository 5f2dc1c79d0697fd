"""A case: what was wanted of a model for one post, and what it said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import orjson

from posts.errors import InputError

Stems = tuple[str, ...]
"""The stemmed tokens of a phrase or text."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One post's gold keyphrases beside the predicted ones, best first."""

    id: str
    text: str
    gold: Sequence[str]
    predicted: Sequence[str]


def stems(phrase: str) -> Stems:
    """Porter stems of the lower-cased words between white space.

    This is the published scorers' own tokenisation, so the project's `stem_key`, which knows
    other scripts and punctuation, must not be used here: the scores would differ.
    """
    return tuple(_stem(word) for word in phrase.lower().split())


@lru_cache(maxsize=200_000)
def _stem(word: str) -> str:
    return str(_stemmer().stem(word))


@cache
def _stemmer() -> Any:
    # Only here: it takes seconds to load, and a wrong command should be told so at once.
    from nltk.stem.porter import PorterStemmer

    return PorterStemmer()


def read_cases(path: Path) -> Iterator[Case]:
    """Cases of a JSON Lines file with the keys id, text, gold and predicted.

    Raises InputError naming the line of the first one that is not of that shape.
    """
    try:
        lines = path.open("rb")
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    with lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield _parse(line, f"{path} line {number}")


def write_cases(cases: Sequence[Case], path: Path) -> None:
    """Writes what `read_cases` reads."""
    with path.open("wb") as lines:
        for case in cases:
            row = {
                "id": case.id,
                "text": case.text,
                "gold": list(case.gold),
                "predicted": list(case.predicted),
            }
            lines.write(orjson.dumps(row) + b"\n")


def _parse(line: bytes, where: str) -> Case:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise InputError(f"{where} is not JSON: {error}") from error
    if not isinstance(row, dict):
        raise InputError(f"{where} is not a JSON object")
    missing = [key for key in ("id", "text", "gold", "predicted") if key not in row]
    if missing:
        raise InputError(f"{where} lacks {', '.join(missing)}")
    for key in ("id", "text"):
        if not isinstance(row[key], str):
            raise InputError(f"{where}: {key} must be a string")
    for key in ("gold", "predicted"):
        if not isinstance(row[key], list) or not all(isinstance(item, str) for item in row[key]):
            raise InputError(f"{where}: {key} must be a list of strings")
    return Case(id=row["id"], text=row["text"], gold=row["gold"], predicted=row["predicted"])
