"""Posts that have the words of a query, and how relevant these make them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from indexer.index.embedded.columns.arrays import Array, union
from indexer.index.embedded.columns.columns import Columns, Postings
from indexer.index.embedded.columns.conditions import as_flags, is_list
from indexer.index.query import BOOSTS
from indexer.index.spelling import allowed_edits

_FEW = 4
"""Up to one post in so many is a part that is looked up instead of all being added up."""
_FEW_SUMMED = 32
"""Likewise where all are wanted."""
_SEARCHED = 2_000
"""So many posts are searched for in a list; of more, a list of all posts is made."""


def is_misspelt(columns: Columns, term: str, names: Iterable[str]) -> bool:
    """No post has it, and it is long enough to be meant for another."""
    if allowed_edits(term) == 0:
        return False
    place = columns.terms.find(term)
    return place is None or not any(len(columns.one_field(place, name)) for name in names)


def anywhere(columns: Columns, term: str, boosts: Mapping[str, float]) -> Postings:
    """Posts with the term in any of the fields."""
    place = columns.terms.find(term)
    if place is None:
        return _NONE
    if len(boosts) == len(BOOSTS):
        return columns.any_field(place)
    return _sum(columns, [columns.one_field(place, name) for name in boosts])


def any_of(columns: Columns, places: Sequence[int], boosts: Mapping[str, float]) -> Postings:
    """Posts with any of some terms; which and how often does not weigh, only in which field."""
    fields = np.zeros(len(columns), np.uint8)
    weights = np.zeros(1, np.float32)
    for bit, (name, boost) in enumerate(boosts.items()):
        for place in places:
            fields[columns.one_field(place, name).posts] |= 1 << bit
        # By the bits of the fields: those without this one, and those with it.
        weights = np.concatenate([weights, weights + np.float32(boost)])
    posts = np.flatnonzero(fields).astype(np.int32)
    return Postings(posts, weights[fields[posts]])


def with_enough(
    columns: Columns, words: Sequence[Postings], enough: int, within: Array | None
) -> tuple[Array, Array]:
    """Posts that have so many of the words, in their order, and their relevance.

    `within`: a set of posts of which they must be, as `indexer...conditions` has it.
    """
    if enough > len(words):
        return _NONE.posts, _NONE.impacts
    if len(words) == 1:
        return _within(columns, words[0], within)
    by_length = sorted(words, key=len)
    # Who has enough of them has one of these.
    needed = by_length[: len(words) - enough + 1]
    few = len(columns) // _FEW
    if within is not None and is_list(within) and len(within) <= few:
        return _looked_up(columns, words, enough, within)
    if sum(map(len, needed)) <= few:
        posts = needed[0].posts
        if len(needed) > 1:
            posts = union([each.posts for each in needed], len(columns))
        if within is not None:
            posts = posts[as_flags(columns, within)[posts]]
        return _looked_up(columns, words, enough, posts)
    counts = np.zeros(len(columns), np.uint8)
    impacts = np.zeros(len(columns), np.float32)
    for word in words:
        if word.row is not None:
            counts += word.row > 0
            impacts += word.row
        else:
            counts[word.posts] += 1
            impacts[word.posts] += word.impacts
    has_enough = counts >= enough
    if within is not None:
        has_enough &= as_flags(columns, within)
    posts = np.flatnonzero(has_enough).astype(np.int32)
    return posts, impacts[posts]


def added(columns: Columns, impacts: Array, posts: Array, words: Iterable[Postings]) -> Array:
    """The relevance of posts with what further words add, which they need not have."""
    total = impacts.astype(np.float32)
    for word in words:
        total += _impacts_of(columns, word, posts)
    return total


def _looked_up(
    columns: Columns, words: Sequence[Postings], enough: int, posts: Array
) -> tuple[Array, Array]:
    counts = np.zeros(len(posts), np.uint8)
    impacts = np.zeros(len(posts), np.float32)
    for word in words:
        own = _impacts_of(columns, word, posts)
        counts += own > 0
        impacts += own
    has_enough = counts >= enough
    return posts[has_enough], impacts[has_enough]


def _impacts_of(columns: Columns, word: Postings, posts: Array) -> Array:
    """Of each post; 0 where it has not the word."""
    if word.row is not None:
        return word.row[posts]
    if min(len(word), len(posts)) > _SEARCHED:
        row = np.zeros(len(columns), np.float32)
        row[word.posts] = word.impacts
        return row[posts]
    found = np.zeros(len(posts), np.float32)
    if not len(word) or not len(posts):
        return found
    # The longer one is searched.
    if len(word) < len(posts):
        at = np.searchsorted(posts, word.posts)
        at[at == len(posts)] = 0
        same = posts[at] == word.posts
        found[at[same]] = word.impacts[same]
    else:
        at = np.searchsorted(word.posts, posts)
        at[at == len(word)] = 0
        same = word.posts[at] == posts
        found[same] = word.impacts[at[same]]
    return found


def _within(columns: Columns, word: Postings, within: Array | None) -> tuple[Array, Array]:
    if within is None:
        return word.posts, word.impacts
    if is_list(within):
        own = _impacts_of(columns, word, within)
        return within[own > 0], own[own > 0]
    if word.row is not None:
        posts = np.flatnonzero((word.row > 0) & within).astype(np.int32)
        return posts, word.row[posts]
    kept = within[word.posts]
    return word.posts[kept], word.impacts[kept]


def _sum(columns: Columns, parts: Sequence[Postings]) -> Postings:
    """Posts of any part, with the sum of their impacts."""
    parts = [part for part in parts if len(part)]
    if len(parts) <= 1:
        return parts[0] if parts else _NONE
    if sum(map(len, parts)) <= len(columns) // _FEW_SUMMED:
        posts = union([part.posts for part in parts], len(columns))
        impacts = added(columns, np.zeros(len(posts)), posts, parts)
        return Postings(posts, impacts)
    row = np.zeros(len(columns), np.float32)
    for part in parts:
        row[part.posts] += part.impacts
    posts = np.flatnonzero(row).astype(np.int32)
    return Postings(posts, row[posts], row)


_NONE = Postings(np.zeros(0, np.int32), np.zeros(0, np.float32))
