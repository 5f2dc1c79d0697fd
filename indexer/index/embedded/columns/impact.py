"""Impact: what a word in a field adds to a post's relevance, reckoned as tantivy does (BM25)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from indexer.index.embedded.columns.arrays import Array
from indexer.index.embedded.columns.vocabulary import FIELDS
from indexer.index.query import BOOSTS

_K1, _B = np.float32(1.2), np.float32(0.75)
_LEAST = np.finfo(np.float32).tiny
"""Of a word that every row has, which adds nothing; for 0 says that a post has it not."""
_EXACT = 24
"""Lengths that are stored exactly before the code of one byte grows coarse."""
_CODES = 256


def _lengths() -> Array:
    """The length for which each code stands: 4 significant bits beyond the exact ones (Lucene's
    SmallFloat, which tantivy has taken over)."""
    exact = list(range(_EXACT))
    coarse = []
    for code in range(_CODES - _EXACT):
        bits, shift = code & 7, (code >> 3) - 1
        coarse.append(_EXACT + (bits if shift < 0 else (bits | 8) << shift))
    return np.array(exact + coarse, np.int64)


_LENGTHS = _lengths()


@dataclass(frozen=True, kw_only=True)
class Impact:
    """Statistics are of all rows, deleted ones too until tantivy drops them, as tantivy's are."""

    rows: int
    frequencies: Array
    """Rows that have each term in each field, by the number of both."""
    codes: Array
    """Coarse lengths of the fields, [posts, fields]."""
    mean_lengths: Array
    """Words of a row in each field."""

    def of(self, lists: Array, posts: Array, counts: Array) -> Array:
        """float32 of postings, above 0: a term in a field, a post, how often that has it there."""
        field = lists % len(FIELDS)
        counts = counts.astype(np.float32)
        norms = self._norms()[field, self.codes[posts, field]]
        impacts: Array = self._weights(lists) * (counts / (counts + norms))
        return np.maximum(impacts, _LEAST)

    def _weights(self, lists: Array) -> Array:
        having = self.frequencies[lists].astype(np.float32)
        half = np.float32(0.5)
        rarity = np.log(np.float32(1) + (np.float32(self.rows) - having + half) / (having + half))
        boosts = np.array([BOOSTS[name] for name in FIELDS], np.float32)
        return rarity.astype(np.float32) * boosts[lists % len(FIELDS)]

    def _norms(self) -> Array:
        """By field and code."""
        means = np.maximum(self.mean_lengths, 1e-9).astype(np.float32)
        relative = _LENGTHS.astype(np.float32)[None, :] / means[:, None]
        norms: Array = _K1 * (1 - _B + _B * relative)
        return norms.astype(np.float32)


def codes_of(lengths: Array) -> Array:
    """The code of each length: that of the greatest length not above it."""
    return (np.searchsorted(_LENGTHS, lengths, side="right") - 1).astype(np.uint8)
