"""The query language: what a person types, as a query (see `docs/search.md`).

    query     = either
    either    = every { OR every }
    every     = part { [ AND ] part }
    part      = ( NOT | - ) part | ( either ) | word | "quoted words" | field:value

Words side by side are ranked, and most of them must be there. All else are conditions. No text of
a query reaches an engine as syntax: engines are given the tree that is made here.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from datetime import datetime

from indexer.index.condition import (
    Condition,
    Either,
    Every,
    HasKeyphrase,
    HasPicture,
    HasWords,
    IsAligned,
    Not,
)
from indexer.index.query import Within
from indexer.search.dates import parse_since, parse_until
from indexer.search.query_error import QueryError
from indexer.search.tokens import FIELDS, Kind, Token, tokenize
from posts.errors import InputError
from posts.phrases import display_form

LONGEST_QUERY = 4_000
"""Characters."""
_DEEPEST = 12
"""Brackets in brackets. Each may be two levels for Elasticsearch, which takes thirty."""
_MOST_PARTS = 128
_LIKE_A_FIELD = 0.75
"""How like the name of a field a name must be to be taken for a slip; else it is a word, as in an
address or a time."""


@dataclass(kw_only=True)
class Parsed:
    """What a query says."""

    words: str = ""
    """Those that are ranked and of which most must be there."""
    where: Condition | None = None
    since: datetime | None = None
    until: datetime | None = None
    """Only posts before this moment."""
    score: float | None = None
    """Only keyphrases of this score or a higher one count."""
    within: Within | None = None
    newest_first: bool | None = None
    """None: the query does not say."""


def parse(query: str) -> Parsed:
    """Reads a query; `QueryError` points at what is wrong with it."""
    if len(query) > LONGEST_QUERY:
        problem = f"a query has at most {LONGEST_QUERY:,} characters, and this one {len(query):,}"
        raise QueryError(problem, query, LONGEST_QUERY, LONGEST_QUERY + 1)
    return _Parser(query).parse()


@dataclass(frozen=True, slots=True)
class _FreeWord:
    """A word that is ranked where it stands at the top, and else a condition."""

    text: str


_Part = Condition | _FreeWord


@dataclass
class _Parser:
    query: str
    tokens: list[Token] = field(init=False)
    at: int = 0
    parts: int = 0
    parsed: Parsed = field(default_factory=Parsed)

    def __post_init__(self) -> None:
        self.tokens = list(tokenize(self.query))

    def parse(self) -> Parsed:
        alternatives = self._either(depth=0)
        if self.at < len(self.tokens):
            raise self._error("this bracket was never opened", self.tokens[self.at])
        if len(alternatives) > 1:
            self.parsed.where = Either(tuple(map(_every, alternatives)))
            return self.parsed
        (parts,) = alternatives
        words = [part.text for part in parts if isinstance(part, _FreeWord)]
        conditions = [part for part in parts if not isinstance(part, _FreeWord)]
        self.parsed.words = " ".join(words)
        self.parsed.where = _every(list(conditions)) if conditions else None
        return self.parsed

    def _either(self, depth: int) -> list[list[_Part]]:
        alternatives = [self._every(depth)]
        while (token := self._next(Kind.OR)) is not None:
            if not alternatives[-1]:
                raise self._error("OR needs something on both sides", token)
            alternatives.append(self._every(depth))
            if not alternatives[-1]:
                raise self._error("OR needs something on both sides", token)
        return alternatives

    def _every(self, depth: int) -> list[_Part]:
        parts: list[_Part] = []
        joined: Token | None = None
        while self.at < len(self.tokens):
            if self.tokens[self.at].kind in (Kind.OR, Kind.CLOSE):
                break
            if (token := self._next(Kind.AND)) is not None:
                if not parts or joined is not None:
                    raise self._error("AND needs something on both sides", token)
                joined = token
                continue
            part = self._part(depth)
            if part is None:
                continue
            if joined is not None:
                # Whoever writes AND wants both, not most of many.
                parts[-1], part = _strict(parts[-1]), _strict(part)
            parts.append(part)
            joined = None
        if joined is not None:
            raise self._error("AND needs something on both sides", joined)
        return parts

    def _part(self, depth: int) -> _Part | None:
        """A part; None for a field that is about the whole query."""
        token = self.tokens[self.at]
        self.at += 1
        self.parts += 1
        if self.parts > _MOST_PARTS:
            raise self._error(f"a query has at most {_MOST_PARTS} parts", token)
        if depth >= _DEEPEST:
            raise self._error(f"brackets nest at most {_DEEPEST} deep", token)
        if token.kind is Kind.NOT:
            return self._negated(token, depth)
        if token.kind is Kind.OPEN:
            return self._bracketed(token, depth)
        if token.kind is Kind.FIELD:
            return self._field(token, depth)
        if token.kind is Kind.QUOTED:
            if not token.value.strip():
                raise self._error("there is nothing between these quotation marks", token)
            return HasWords(token.value)
        self._refuse_slip(token)
        return _FreeWord(token.value)

    def _negated(self, token: Token, depth: int) -> _Part:
        if self.at >= len(self.tokens) or self.tokens[self.at].kind in (
            *(Kind.OR, Kind.AND, Kind.CLOSE),
        ):
            raise self._error("NOT needs something behind it", token)
        # Deeper, so that what is about the whole query is refused.
        part = self._part(depth + 1)
        if part is None:
            raise AssertionError("only at the top a field is about the whole query")
        return Not(_strict(part))

    def _bracketed(self, token: Token, depth: int) -> Condition:
        alternatives = self._either(depth + 1)
        if self._next(Kind.CLOSE) is None:
            raise self._error("this bracket is never closed", token)
        if not all(alternatives):
            raise self._error("there is nothing in these brackets", token)
        if len(alternatives) == 1:
            return _every(alternatives[0])
        return Either(tuple(map(_every, alternatives)))

    def _field(self, token: Token, depth: int) -> Condition | None:
        name = token.value
        value = self.tokens[self.at] if self.at < len(self.tokens) else None
        if value is None or value.start != token.end or value.kind not in (Kind.WORD, Kind.QUOTED):
            raise self._error(f"{name}: wants {_WANTED[name]} directly behind it", token)
        self.at += 1
        if name == "key":
            if not display_form(value.value):
                raise self._error(f"key: wants {_WANTED[name]}", value)
            return HasKeyphrase(value.value)
        if name == "has":
            if value.value.lower() != "picture":
                raise self._error(f"has: wants {_WANTED[name]}", value)
            return HasPicture()
        if name == "aligned":
            try:
                return IsAligned(_score(value.value))
            except ValueError as error:
                raise self._error(f"aligned: wants {_WANTED[name]}", value) from error
        if depth > 0:
            raise self._error(
                f"{name}: is about the whole query; write it outside of brackets, without NOT",
                token,
            )
        self._set(name, value)
        return None

    def _set(self, name: str, value: Token) -> None:
        try:
            if name == "since":
                since = parse_since(value.value)
                self.parsed.since = max(self.parsed.since or since, since)
            elif name == "until":
                until = parse_until(value.value)
                self.parsed.until = min(self.parsed.until or until, until)
            elif name == "score":
                self.parsed.score = max(self.parsed.score or 0.0, _score(value.value))
            elif name == "in":
                self.parsed.within = Within(value.value.lower())
            else:
                self.parsed.newest_first = {"date": True, "relevance": False}[value.value.lower()]
        except (InputError, KeyError, ValueError) as error:
            raise self._error(f"{name}: wants {_WANTED[name]}", value) from error

    def _refuse_slip(self, token: Token) -> None:
        """A name that is nearly one of a field; other names with a colon are words."""
        slip = re.match(r"([^\W\d_]+):(?=.)", token.value)
        if slip is None:
            return
        for near in difflib.get_close_matches(slip[1].lower(), FIELDS, 1, _LIKE_A_FIELD):
            raise self._error(f"there is no {slip[1]}: in a query; did you mean {near}:", token)

    def _next(self, kind: Kind) -> Token | None:
        """The next token if it is of this kind; then it is behind us."""
        if self.at < len(self.tokens) and self.tokens[self.at].kind is kind:
            self.at += 1
            return self.tokens[self.at - 1]
        return None

    def _error(self, problem: str, token: Token) -> QueryError:
        return QueryError(problem, self.query, token.start, token.end)


_WANTED = {
    "key": 'a keyphrase, like key:cat or key:"red boat"',
    "since": "a date, like since:2026-11-21",
    "until": "a date, like until:2026-11-21",
    "has": "the word picture, as in has:picture",
    "aligned": "a number from 0 to 1, like aligned:0.5",
    "in": "text or keyphrases, as in in:text",
    "score": "a number from 0 to 1, like score:0.5",
    "sort": "sort:date or sort:relevance",
}


def _score(text: str) -> float:
    score = float(text)
    if not 0 <= score <= 1:
        raise ValueError("not between 0 and 1")
    return score


def _strict(part: _Part) -> Condition:
    return HasWords(part.text) if isinstance(part, _FreeWord) else part


def _every(parts: list[_Part]) -> Condition:
    conditions = tuple(map(_strict, parts))
    return conditions[0] if len(conditions) == 1 else Every(conditions)
