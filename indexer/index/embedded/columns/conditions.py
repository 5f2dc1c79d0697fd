"""Conditions as sets of posts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce

import numpy as np

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
from indexer.index.embedded.columns.arrays import Array, union
from indexer.index.embedded.columns.columns import Columns
from indexer.index.embedded.columns.harvest import NO_DATE
from indexer.index.query import Query
from indexer.index.stored import hundredths, milliseconds
from posts.phrases import display_form


def is_list(posts: Array) -> bool:
    """A set of posts is a list of their numbers in order, or says of each whether it is in."""
    return posts.dtype != np.bool_


def as_flags(columns: Columns, posts: Array) -> Array:
    if not is_list(posts):
        return posts
    flags = np.zeros(len(columns), bool)
    flags[posts] = True
    return flags


def conditions_of(columns: Columns, query: Query) -> Array | None:
    """Posts that are all that they must be, but for the words; None: any post is."""
    parts: list[Array] = []
    if query.where is not None:
        parts.append(_set(columns, query.where, query))
    if query.since is not None or query.until is not None:
        created = columns.arrays["created"]
        since = NO_DATE + 1 if query.since is None else milliseconds(query.since)
        within = created >= since
        if query.until is not None:
            within &= created < milliseconds(query.until)
        parts.append(within)
    if query.least_score is not None:
        parts.append(columns.arrays["best"] >= hundredths(query.least_score))
    return _all_of(columns, parts) if parts else None


def _set(columns: Columns, asked: Condition, query: Query) -> Array:
    match asked:
        case HasKeyphrase(phrase):
            least = None if query.least_score is None else hundredths(query.least_score)
            return columns.posts_with(valid_unicode(display_form(phrase)), least)
        case HasWords(text):
            return _has_words(columns, text, query.boosts)
        case HasId(id):
            post = columns.ids.find(id)
            return np.array([] if post is None else [post], np.int32)
        case HasPicture():
            return columns.arrays["has_picture"]
        case IsAligned(least):
            return columns.arrays["aligned"] >= max(0, hundredths(least))
        case Every(parts):
            return _all_of(columns, [_set(columns, part, query) for part in parts])
        case Either(parts):
            return _any_of(columns, [_set(columns, part, query) for part in parts])
        case Not(part):
            return ~as_flags(columns, _set(columns, part, query))


def _all_of(columns: Columns, parts: Sequence[Array]) -> Array:
    lists = sorted(filter(is_list, parts), key=len)
    flags = [part for part in parts if not is_list(part)]
    if not lists:
        return reduce(np.logical_and, flags) if flags else np.ones(len(columns), bool)
    shortest, *others = lists
    for part in [*flags, *(as_flags(columns, other) for other in others)]:
        shortest = shortest[part[shortest]]
    return shortest


def _any_of(columns: Columns, parts: Sequence[Array]) -> Array:
    lists = list(filter(is_list, parts))
    flags = [part for part in parts if not is_list(part)]
    if not flags:
        return union(lists, len(columns))
    either = reduce(np.logical_or, flags).copy()
    for each in lists:
        either[each] = True
    return either


def _has_words(columns: Columns, text: str, names: Iterable[str]) -> Array:
    found = [columns.terms.find(token.term) for token in tokens(valid_unicode(text))]
    terms = [term for term in found if term is not None]
    if not terms or len(terms) < len(found):
        return np.zeros(0, np.int32)
    if len(terms) == 1:
        lists = [columns.one_field(terms[0], name).posts for name in names]
    else:
        lists = [_in_a_row(columns, terms, name) for name in names]
    return _any_of(columns, lists)


def _in_a_row(columns: Columns, terms: Sequence[int], name: str) -> Array:
    places = [columns.places(term, name) for term in terms]
    rarest = min(range(len(terms)), key=lambda place: len(places[place]))
    # Where the first one would have to be.
    begins = places[rarest][places[rarest] >= rarest] - np.uint32(rarest)
    for behind, others in enumerate(places):
        if behind != rarest and len(begins):
            wanted = begins + np.uint32(behind)
            at = np.searchsorted(others, wanted)
            at[at == len(others)] = 0
            begins = begins[others[at] == wanted]
    return columns.posts_at(begins)
