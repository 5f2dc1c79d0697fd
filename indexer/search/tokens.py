"""Tokens of the query language: words, quoted words, operators, and `name:value`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from indexer.search.query_error import QueryError

FIELDS = ("key", "since", "until", "has", "aligned", "in", "score", "sort")
"""Names before a colon that mean something."""


class Kind(StrEnum):
    """What a token is."""

    WORD = "word"
    QUOTED = "quoted"
    FIELD = "field"
    """A name and its colon; the value is the next token, without a space between."""
    NOT = "NOT"
    OR = "OR"
    AND = "AND"
    OPEN = "("
    CLOSE = ")"


@dataclass(frozen=True, slots=True)
class Token:
    kind: Kind
    value: str
    """Without quotes or colon."""
    start: int
    end: int
    """Characters of the query from `start` to before `end`."""


_OPERATORS = {"AND": Kind.AND, "OR": Kind.OR, "NOT": Kind.NOT}
_FIELD = re.compile(rf"({'|'.join(FIELDS)}):", re.IGNORECASE)
_WORD = re.compile(r'[^\s()"]+')
_QUOTES = '"“”„'


def tokenize(query: str) -> Iterator[Token]:
    """The tokens in their order; `QueryError` for a quotation mark that has no second one."""
    position = 0
    behind_field = False
    while position < len(query):
        character = query[position]
        if character.isspace():
            position, behind_field = position + 1, False
            continue
        token = _token(query, position, value=behind_field)
        yield token
        position, behind_field = token.end, token.kind is Kind.FIELD


def as_words(text: str) -> str:
    """A query for the words of a text, in which nothing is an operator."""
    plain = re.sub(rf"[():{_QUOTES}]", " ", text)
    words = (word.lstrip("-") for word in plain.split())
    return " ".join(word.lower() if word in _OPERATORS else word for word in words if word)


def _token(query: str, start: int, *, value: bool) -> Token:
    """The token at `start`; as the `value` of a field nothing but quotes means anything."""
    character = query[start]
    if character in _QUOTES:
        return _quoted(query, start)
    if character in "()":
        return Token(Kind(character), character, start, start + 1)
    if value:
        return _word(query, start)
    if character == "-" and start + 1 < len(query) and not query[start + 1].isspace():
        return Token(Kind.NOT, character, start, start + 1)
    if (field := _FIELD.match(query, start)) is not None:
        return Token(Kind.FIELD, field[1].lower(), start, field.end())
    word = _word(query, start)
    return Token(_OPERATORS.get(word.value, Kind.WORD), word.value, word.start, word.end)


def _quoted(query: str, start: int) -> Token:
    end = next((at for at in range(start + 1, len(query)) if query[at] in _QUOTES), None)
    if end is None:
        raise QueryError("this quotation mark has no second one", query, start, start + 1)
    return Token(Kind.QUOTED, query[start + 1 : end], start, end + 1)


def _word(query: str, start: int) -> Token:
    word = _WORD.match(query, start)
    if word is None:
        raise AssertionError("every other character begins another token")
    text = re.split(f"[{_QUOTES}]", word[0])[0]
    return Token(Kind.WORD, text, start, start + len(text))
