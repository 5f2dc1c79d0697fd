"""Postings: which posts have a term, and what that adds to their relevance; runs are merged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from indexer.index.embedded.columns.arrays import Array, ArrayFolder, ends_of
from indexer.index.embedded.columns.impact import Impact
from indexer.index.embedded.columns.runs import Run
from indexer.index.embedded.columns.vocabulary import FIELDS

_POSTINGS = 2_000_000
"""Postings that are merged at once, which takes about 300 MB."""
_FREQUENT = 8
"""A term that one post in so many has gets a row of all posts too, which is added much faster."""
_WIDTH = len(FIELDS)


@dataclass(frozen=True, kw_only=True)
class _Merged:
    lists: Array
    posts: Array
    impacts: Array
    place_counts: Array
    places: Array


def save_postings(
    folder: ArrayFolder,
    runs: list[Run],
    impact: Impact,
    posts: int,
    on_terms: Callable[[int, int], None],
) -> None:
    """Writes, of each term in each field and of each term in any, its posts and their impacts."""
    terms = len(impact.frequencies) // _WIDTH
    list_lengths = np.zeros(terms * _WIDTH, np.int64)
    place_lengths = np.zeros(terms * _WIDTH, np.int64)
    any_lengths = np.zeros(terms, np.int64)
    frequent: list[int] = []
    with (
        folder.writer("list_posts", np.int32) as list_posts,
        folder.writer("list_impacts", np.float32) as list_impacts,
        folder.writer("places", np.uint32) as places,
        folder.writer("any_posts", np.int32) as any_posts,
        folder.writer("any_impacts", np.float32) as any_impacts,
        folder.writer("rows", np.float32) as rows,
    ):
        for begin, end in _ranges(runs, terms):
            part = _merged(runs, begin, end, impact)
            inner = slice(begin * _WIDTH, end * _WIDTH)
            own = part.lists - begin * _WIDTH
            size = (end - begin) * _WIDTH
            list_lengths[inner] = np.bincount(own, minlength=size)
            weights = np.bincount(own, weights=part.place_counts, minlength=size)
            place_lengths[inner] = weights.astype(np.int64)
            list_posts.append(part.posts)
            list_impacts.append(part.impacts)
            places.append(part.places)
            lengths, in_any, sums = _any_field(part, begin, end)
            any_lengths[begin:end] = lengths
            any_posts.append(in_any)
            any_impacts.append(sums)
            ends = ends_of(lengths)
            for term in np.flatnonzero(lengths * _FREQUENT > posts):
                having = slice(ends[term], ends[term + 1])
                row = np.zeros(posts, np.float32)
                row[in_any[having]] = sums[having]
                rows.append(row)
                frequent.append(begin + int(term))
            on_terms(end, terms)
    folder.save("list_ends", ends_of(list_lengths))
    folder.save("place_ends", ends_of(place_lengths))
    folder.save("any_ends", ends_of(any_lengths))
    folder.save("frequent", np.array(frequent, np.int64))


def _ranges(runs: list[Run], terms: int) -> Iterator[tuple[int, int]]:
    """Ranges of terms that together have about `_POSTINGS`, each of one term at least."""
    counts = np.zeros(terms, np.int64)
    for run in runs:
        counts += np.bincount(run.lists // _WIDTH, minlength=terms)
    ends = ends_of(counts)
    begin = 0
    while begin < terms:
        end = int(np.searchsorted(ends, ends[begin] + _POSTINGS, side="right")) - 1
        end = min(max(end, begin + 1), terms)
        yield begin, end
        begin = end


def _merged(runs: list[Run], begin: int, end: int, impact: Impact) -> _Merged:
    """The postings of the terms from `begin` to before `end`, by term, field and post."""
    lists, posts, counts, place_lists, places = [], [], [], [], []
    for run in runs:
        first, last = np.searchsorted(run.lists, [begin * _WIDTH, end * _WIDTH])
        place_ends = run.place_ends[first : last + 1]
        lists.append(run.lists[first:last])
        posts.append(run.posts[first:last])
        counts.append(np.diff(place_ends))
        places.append(run.places[place_ends[0] : place_ends[-1]])
        place_lists.append(np.repeat(lists[-1], counts[-1]))
    # Later runs have later posts, so that an order that keeps what is equal is one by post too.
    order = np.argsort(np.concatenate(lists), kind="stable")
    merged_lists = np.concatenate(lists)[order]
    merged_posts = np.concatenate(posts)[order]
    merged_counts = np.concatenate(counts)[order]
    place_order = np.argsort(np.concatenate(place_lists), kind="stable")
    return _Merged(
        lists=merged_lists,
        posts=merged_posts,
        impacts=impact.of(merged_lists, merged_posts, merged_counts),
        place_counts=merged_counts,
        places=np.concatenate(places)[place_order],
    )


def _any_field(part: _Merged, begin: int, end: int) -> tuple[Array, Array, Array]:
    """Of each term how many posts have it in any field; these; and the sum of their impacts."""
    if not len(part.lists):
        return np.zeros(end - begin, np.int64), part.posts, part.impacts
    keys = (part.lists // _WIDTH).astype(np.int64) << 32 | part.posts
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    begins = np.flatnonzero(np.append(True, keys[1:] != keys[:-1]))
    sums = np.add.reduceat(part.impacts[order], begins)
    keys = keys[begins]
    lengths = np.bincount((keys >> 32) - begin, minlength=end - begin)
    return lengths, (keys & 0xFFFFFFFF).astype(np.int32), sums
