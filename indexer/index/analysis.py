"""Words of free text, cut and folded alike for both engines.

A word is a run of letters, marks and digits, with at most one apostrophe inside; Han, Hiragana
and Katakana characters and symbols such as emoji are words of their own. Words are lower-cased,
ASCII-folded and Porter2-stemmed. The engines get the same pattern and the same filters.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

import tantivy

_ALONE = r"\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}"
_LETTER = rf"[\p{{L}}\p{{M}}\p{{N}}&&[^{_ALONE}]]"
WORD_PATTERN = rf"[{_ALONE}\p{{So}}]|{_LETTER}+(?:['’]{_LETTER}+)?"
"""In the syntax that Rust's and Java's regular expressions share. No group repeats without bound:
Java would use stack for each repetition, and a hostile text could bring the server down."""

LONGEST_WORD = 255
"""Longer words are not indexed. Bytes in the embedded engine, UTF-16 units in Elasticsearch."""

_PIECE = re.compile(r"\S+")
_KEPT_PIECES = 50_000
"""Their words take about 20 MB."""
_LONGEST_PIECE = 40
"""Characters; longer ones hardly come twice."""

_MOST_BYTES = 4
"""Of a character in UTF-8."""

MOST_WORDS = 32
"""Distinct words of a query that count; the rest are ignored."""

_LONGEST_QUERY = 4_000
"""Characters of a query that are read."""


class QueryWord(NamedTuple):
    raw: str
    """As the person wrote it."""
    term: str
    """As the index holds it."""


class Token(NamedTuple):
    term: str
    start: int
    end: int
    """Characters of the text from `start` to before `end`."""


def analyzer() -> tantivy.TextAnalyzer:
    """The whole chain, to be registered with a tantivy index."""
    return (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.regex(WORD_PATTERN))
        .filter(tantivy.Filter.remove_long(LONGEST_WORD + 1))
        .filter(tantivy.Filter.lowercase())
        .filter(tantivy.Filter.ascii_fold())
        .filter(tantivy.Filter.stemmer("english"))
        .build()
    )


_ANALYZER = analyzer()


def tokens(text: str) -> list[Token]:
    """Words of a text with their places."""
    found: list[Token] = []
    # No word has a space in it, and what lies between two spaces comes again and again.
    for piece in _PIECE.finditer(text):
        begin = piece.start()
        own = _kept_tokens if piece.end() - begin <= _LONGEST_PIECE else _cut
        found += [Token(term, begin + start, begin + end) for term, start, end in own(piece[0])]
    return found


def _cut(text: str) -> list[Token]:
    return [
        Token(token.text, token.char_offset_from, token.char_offset_to)
        for token in _ANALYZER.pre_tokenize(text).tokens
    ]


_kept_tokens = lru_cache(_KEPT_PIECES)(_cut)


def terms(text: str) -> list[str | None]:
    """Terms of a text by their places, as the index counts these; None: a word that is too long."""
    if len(text) <= LONGEST_WORD // _MOST_BYTES:
        found: list[str | None] = _ANALYZER.analyze(text)
        return found
    # One more, whose place tells how many there are.
    *inner, last = _ANALYZER.pre_tokenize(f"{text} a").tokens
    placed: list[str | None] = [None] * last.position
    for token in inner:
        placed[token.position] = token.text
    return placed


def query_words(words: str) -> list[QueryWord]:
    """Words of a query, those of one term once, in their order, at most `MOST_WORDS`."""
    text = valid_unicode(words[:_LONGEST_QUERY])
    distinct: dict[str, QueryWord] = {}
    for token in tokens(text):
        distinct.setdefault(token.term, QueryWord(text[token.start : token.end], token.term))
    return list(distinct.values())[:MOST_WORDS]


def required_words(count: int) -> int:
    """How many of a query's words a post must contain: all of two, else three quarters."""
    return count if count <= 2 else count * 3 // 4


def valid_unicode(text: str) -> str:
    """The text with lone surrogates, which no engine can hold, replaced by `?`."""
    return text.encode("utf-8", "replace").decode("utf-8")
