"""Conditions as queries of tantivy, without any weight."""

from __future__ import annotations

from collections.abc import Iterable

import tantivy

from indexer.index.analysis import tokens, valid_unicode
from indexer.index.condition import (
    Condition,
    Either,
    Every,
    HasId,
    HasKeyphrase,
    HasPicture,
    HasWords,
    IsAligned,
    Not,
)
from indexer.index.embedded.rows import (
    ALIGNED,
    BEST_SCORE,
    CREATED_AT,
    HAS_PICTURE,
    KEYPHRASES,
    SCORED_KEYPHRASES,
)
from indexer.index.embedded.table import KEY
from indexer.index.query import Query
from indexer.index.stored import hundredths, milliseconds, scored_phrase
from posts.phrases import display_form

_new = tantivy.Query
_MUST, _SHOULD, _MUST_NOT = tantivy.Occur.Must, tantivy.Occur.Should, tantivy.Occur.MustNot


def conditions_of(schema: tantivy.Schema, query: Query) -> list[tantivy.Query]:
    """All that a post must be, but for the words."""
    found = []
    if query.where is not None:
        found.append(_condition(schema, query.where, query))
    if query.since is not None or query.until is not None:
        found.append(
            _new.range_query(
                *(schema, CREATED_AT, tantivy.FieldType.Integer),
                None if query.since is None else milliseconds(query.since),
                None if query.until is None else milliseconds(query.until),
                include_upper=query.until is None,
            )
        )
    if query.least_score is not None:
        least = hundredths(query.least_score)
        found.append(_new.range_query(schema, BEST_SCORE, tantivy.FieldType.Integer, least, None))
    return found


def _condition(schema: tantivy.Schema, asked: Condition, query: Query) -> tantivy.Query:
    match asked:
        case HasKeyphrase(phrase):
            return _has_keyphrase(schema, valid_unicode(display_form(phrase)), query.least_score)
        case HasWords(text):
            return _has_words(schema, text, query.boosts)
        case HasId(id):
            return _new.term_query(schema, KEY, id, "basic")
        case HasPicture():
            return _new.term_query(schema, HAS_PICTURE, 1)
        case IsAligned(least):
            return _is_aligned(schema, least)
        case Every(parts):
            every = [(_MUST, _condition(schema, part, query)) for part in parts]
            return _new.boolean_query(every) if every else _new.all_query()
        case Either(parts):
            either = [(_SHOULD, _condition(schema, part, query)) for part in parts]
            return _new.boolean_query(either) if either else _new.empty_query()
        case Not(part):
            all_but = (_MUST_NOT, _condition(schema, part, query))
            return _new.boolean_query([(_MUST, _new.all_query()), all_but])


def _is_aligned(schema: tantivy.Schema, least: float) -> tantivy.Query:
    bounds = hundredths(least), None
    try:
        return _new.range_query(schema, ALIGNED, tantivy.FieldType.Integer, *bounds)
    except ValueError:  # Posts have no vectors, and the table no such field.
        return _new.empty_query()


def _has_keyphrase(schema: tantivy.Schema, phrase: str, least: float | None) -> tantivy.Query:
    if least is None:
        return _new.term_query(schema, KEYPHRASES, phrase, "basic")
    terms = [scored_phrase(phrase, score) for score in range(hundredths(least), 101)]
    return _new.term_set_query(schema, SCORED_KEYPHRASES, terms)


def _has_words(schema: tantivy.Schema, text: str, names: Iterable[str]) -> tantivy.Query:
    terms = [token.term for token in tokens(valid_unicode(text))]
    if not terms:
        return _new.empty_query()
    return _new.boolean_query([(_SHOULD, _in_a_row(schema, name, terms)) for name in names])


def _in_a_row(schema: tantivy.Schema, name: str, terms: list[str]) -> tantivy.Query:
    if len(terms) == 1:
        return _new.term_query(schema, name, terms[0], "basic")
    return _new.phrase_query(schema, name, list(terms))
