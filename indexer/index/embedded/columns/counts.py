"""Counts over all hits: their most frequent keyphrases, and their days."""

from __future__ import annotations

from bisect import bisect_left
from datetime import date, timedelta

import numpy as np

from indexer.index.embedded.columns.arrays import Array, gathered
from indexer.index.embedded.columns.columns import Columns
from indexer.index.embedded.columns.harvest import NO_DATE
from indexer.index.query import FIRST_DAY, LAST_DAY, DayCount, Facet

_EPOCH = date(1970, 1, 1)
_DAY = timedelta(days=1) // timedelta(milliseconds=1)
_BLOCK = 64
"""Phrases of the first block that is counted; each further one is twice as large."""
_DEARER = 4
"""So much longer takes a phrase of a hit, when these are gathered, than a hit of a phrase."""


def facets(columns: Columns, hits: Array, size: int) -> list[Facet]:
    """The most frequent phrases, ties in order of the phrase."""
    if size < 1 or not len(hits):
        return []
    found = _of_the_most_frequent(columns, hits, size)
    numbers, counts = _of_all(columns, hits) if found is None else found
    if len(counts) > size:
        least = np.partition(counts, -size)[-size]
        kept = counts >= least
        numbers, counts = numbers[kept], counts[kept]
    order = np.lexsort((columns.arrays["phrase_ranks"][numbers], -counts))[:size]
    ranks = columns.arrays["phrase_ranks"][numbers[order]]
    return [
        Facet(columns.phrases[rank], count)
        for rank, count in zip(ranks.tolist(), counts[order].tolist(), strict=True)
    ]


def _of_the_most_frequent(columns: Columns, hits: Array, size: int) -> tuple[Array, Array] | None:
    """Numbers and counts of the phrases that all posts have most often, so many that none of the
    others can be among those wanted; None: they would be too many.

    No phrase is more frequent among the hits than among all posts.
    """
    ends, posts = columns.arrays["phrase_ends"], columns.arrays["phrase_posts"]
    phrases = len(ends) - 1
    dear = len(hits) * len(posts) * _DEARER // len(columns)
    if phrases == 0 or ends[_expected(columns, hits, size)] > dear:
        return None
    flags = np.zeros(len(columns), np.int8)
    flags[hits] = 1
    counts = np.zeros(0, np.int32)
    begin, end = 0, min(_BLOCK, phrases)
    while True:
        marked = flags[posts[ends[begin] : ends[end]]]
        block = np.add.reduceat(marked, ends[begin:end] - ends[begin], dtype=np.int32)
        counts = np.concatenate([counts, block])
        if end == phrases:
            break
        if len(counts) >= size and ends[end + 1] - ends[end] < np.partition(counts, -size)[-size]:
            break
        begin, end = end, min(3 * end - 2 * begin, phrases)
        if ends[end] > 2 * dear:
            return None
    numbers = np.flatnonzero(counts)
    return numbers, counts[numbers]


def _expected(columns: Columns, hits: Array, size: int) -> int:
    """How many phrases would be counted, were they as frequent among the hits as among all."""
    ends = columns.arrays["phrase_ends"]

    def posts_of(phrase: int) -> int:
        return int(ends[phrase + 1] - ends[phrase])

    last = min(size, len(ends) - 1) - 1
    least = posts_of(last) * len(hits) / len(columns)
    return bisect_left(range(len(ends) - 1), -least, key=lambda phrase: -posts_of(phrase))


def _of_all(columns: Columns, hits: Array) -> tuple[Array, Array]:
    """Numbers and counts of all phrases that hits have."""
    table = columns.phrase_table
    if table is None:
        ends = columns.arrays["post_phrase_ends"]
        found = columns.arrays["post_phrases"][gathered(ends, hits)]
    else:
        found = np.take(table, hits, axis=0).ravel()
    counts = np.bincount(found, minlength=len(columns.phrases) + 1)[:-1]
    numbers = np.flatnonzero(counts)
    return numbers, counts[numbers]


def days(columns: Columns, hits: Array) -> list[DayCount]:
    """Of hits of days that are counted, the first one first."""
    created = columns.arrays["created"][hits]
    numbers = created[created != NO_DATE] // _DAY
    first, last = (FIRST_DAY - _EPOCH).days, (LAST_DAY - _EPOCH).days
    numbers = numbers[(numbers >= first) & (numbers <= last)]
    if not len(numbers):
        return []
    counts = np.bincount(numbers - first)
    return [
        DayCount(FIRST_DAY + timedelta(days=day), int(counts[day]))
        for day in np.flatnonzero(counts).tolist()
    ]
