"""Runs: the postings of some posts after one another, in order of the terms.

A posting says that a post has a term in a field, and how often. Posts are numbered in the order of
their ids. Places are counted through all texts, so that words that follow each other have places
that do, and no two posts share one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from indexer.index.embedded.columns.arrays import Array, gathered
from indexer.index.embedded.columns.harvest import Harvest
from indexer.index.embedded.columns.vocabulary import FIELDS

_TOKENS = 2_000_000
"""Places that are sorted at once, which takes about 200 MB."""
_WIDTH = len(FIELDS)


@dataclass(frozen=True, kw_only=True)
class Run:
    """Parallel arrays of postings, mapped; the places of posting n end at `place_ends[n + 1]`."""

    lists: Array
    posts: Array
    place_ends: Array
    places: Array


class Runs:
    """Writes the runs of a harvest, and counts on the way what BM25 needs."""

    def __init__(self, harvest: Harvest, rows: Array, numbers: Array) -> None:
        """`rows`: of each post its row; `numbers`: of each term as it came its final number."""
        self._harvest = harvest
        self._stream = harvest.folder.load("stream")
        self._numbers = numbers
        self._rows = rows
        self.lengths = np.zeros((len(rows), _WIDTH), np.int64)
        self.starts = np.zeros(len(rows) + 1, np.int64)
        np.cumsum(np.diff(harvest.stream_ends)[rows], out=self.starts[1:])
        self.frequencies = np.zeros(len(numbers) * _WIDTH, np.int64)
        """Deleted rows count until tantivy drops them."""
        self.total_lengths = np.zeros(_WIDTH, np.int64)
        self.count = 0
        for begin, end in _chunks(self.starts):
            self._write(begin, end)
        self.total_lengths += self.lengths.sum(axis=0)
        self._count_deleted()

    def load(self) -> list[Run]:
        names = ("lists", "posts", "place_ends", "places")
        return [
            Run(**{name: self._harvest.folder.load(f"{name}-{number}") for name in names})
            for number in range(self.count)
        ]

    def _write(self, begin: int, end: int) -> None:
        lists = self._lists(self._rows[begin:end])
        posts = np.repeat(np.arange(begin, end), np.diff(self.starts[begin : end + 1]))
        lengths = np.bincount(
            ((posts - begin) * _WIDTH + lists % _WIDTH)[lists >= 0],
            minlength=(end - begin) * _WIDTH,
        )
        self.lengths[begin:end] = lengths.reshape(-1, _WIDTH)
        # In one number both are sorted faster than one by the other.
        there = np.flatnonzero(lists >= 0)
        ordered = np.sort(lists[there] << 32 | there)
        there = ordered & 0xFFFFFFFF
        ordered >>= 32
        posts = posts[there]
        first = np.ones(len(ordered), bool)
        first[1:] = (ordered[1:] != ordered[:-1]) | (posts[1:] != posts[:-1])
        begins = np.flatnonzero(first)
        self.frequencies += np.bincount(ordered[begins], minlength=len(self.frequencies))
        folder, number = self._harvest.folder, self.count
        folder.save(f"lists-{number}", ordered[begins].astype(np.int32))
        folder.save(f"posts-{number}", posts[begins].astype(np.int32))
        folder.save(f"place_ends-{number}", np.append(begins, len(ordered)).astype(np.int32))
        folder.save(f"places-{number}", (there + self.starts[begin]).astype(np.uint32))
        self.count += 1

    def _count_deleted(self) -> None:
        deleted = np.flatnonzero(~self._harvest.alive)
        starts = np.zeros(len(deleted) + 1, np.int64)
        np.cumsum(np.diff(self._harvest.stream_ends)[deleted], out=starts[1:])
        for begin, end in _chunks(starts):
            lists = self._lists(deleted[begin:end])
            rows = np.repeat(np.arange(begin, end), np.diff(starts[begin : end + 1]))
            there = lists >= 0
            lists, rows = lists[there], rows[there]
            self.total_lengths += np.bincount(lists % _WIDTH, minlength=_WIDTH)
            distinct = np.unique(lists << 32 | rows) >> 32
            self.frequencies += np.bincount(distinct, minlength=len(self.frequencies))

    def _lists(self, rows: Array) -> Array:
        """Terms in fields by their final numbers, row by row; holes stay what they are."""
        stream = self._stream[gathered(self._harvest.stream_ends, rows)].astype(np.int64)
        lists: Array = self._numbers[stream // _WIDTH] * _WIDTH + stream % _WIDTH
        lists[stream < 0] = -1
        return lists


def _chunks(starts: Array) -> list[tuple[int, int]]:
    """Cuts what begins at `starts` into pieces of about `_TOKENS`, each of one at least."""
    chunks, begin = [], 0
    while begin < len(starts) - 1:
        end = int(np.searchsorted(starts, starts[begin] + _TOKENS, side="right")) - 1
        end = min(max(end, begin + 1), len(starts) - 1)
        chunks.append((begin, end))
        begin = end
    return chunks
