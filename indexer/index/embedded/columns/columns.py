"""Columns: the arrays of a snapshot, opened."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import tantivy

from indexer.index.embedded.columns.arrays import Array, ArrayFolder
from indexer.index.embedded.columns.build import SPELLING
from indexer.index.embedded.columns.names import Names, load_names
from indexer.index.embedded.columns.spelling import Spelling
from indexer.index.embedded.columns.vocabulary import FIELDS
from indexer.index.embedded.table import read_source

_WIDEST = 16
"""Phrases of a post."""


@dataclass(frozen=True, slots=True)
class Postings:
    """Posts in their order, and what each has by what they were found."""

    posts: Array
    """int32."""
    impacts: Array
    """float32, greater than 0."""
    row: Array | None = None
    """The impacts of all posts, 0 for others; only of the most frequent ones."""

    def __len__(self) -> int:
        return len(self.posts)


@dataclass(frozen=True)
class Columns:
    """Posts are numbered in the order of their ids."""

    arrays: dict[str, Array]
    searcher: tantivy.Searcher
    """Of the same state; it has the stored documents."""
    spelling: Spelling

    def __len__(self) -> int:
        return len(self.arrays["created"])

    @cached_property
    def ids(self) -> Names:
        return load_names(self.arrays, "ids")

    @cached_property
    def terms(self) -> Names:
        return load_names(self.arrays, "terms")

    @cached_property
    def phrases(self) -> Names:
        return load_names(self.arrays, "phrases")

    @cached_property
    def frequent(self) -> dict[int, Array]:
        """The rows of the most frequent terms."""
        terms = self.arrays["frequent"].tolist()
        rows = self.arrays["rows"].reshape(len(terms), len(self))
        return dict(zip(terms, rows, strict=True))

    @cached_property
    def phrase_table(self) -> Array | None:
        """Numbers of the phrases of each post in a row, filled up with one more than there are;
        None: a post has so many that lists are the smaller."""
        ends, phrases = self.arrays["post_phrase_ends"], self.arrays["post_phrases"]
        lengths = np.diff(ends)
        most = int(lengths.max(initial=0))
        if most > _WIDEST:
            return None
        table = np.full((len(self), most), len(self.phrases), np.int32)
        table[np.arange(most) < lengths[:, None]] = phrases
        return table

    def any_field(self, term: int) -> Postings:
        begin, end = self.arrays["any_ends"][term : term + 2].tolist()
        return Postings(
            self.arrays["any_posts"][begin:end],
            self.arrays["any_impacts"][begin:end],
            self.frequent.get(term),
        )

    def one_field(self, term: int, name: str) -> Postings:
        number = term * len(FIELDS) + FIELDS.index(name)
        begin, end = self.arrays["list_ends"][number : number + 2].tolist()
        return Postings(
            self.arrays["list_posts"][begin:end], self.arrays["list_impacts"][begin:end]
        )

    def places(self, term: int, name: str) -> Array:
        """Of the term in the field, through all posts."""
        number = term * len(FIELDS) + FIELDS.index(name)
        begin, end = self.arrays["place_ends"][number : number + 2].tolist()
        return self.arrays["places"][begin:end]

    def posts_at(self, places: Array) -> Array:
        """The posts that have these places, which are in order; each once."""
        posts = np.searchsorted(self.arrays["starts"], places, side="right") - 1
        return np.unique(posts).astype(np.int32)

    def posts_with(self, phrase: str, least: int | None = None) -> Array:
        """Those with the keyphrase, with so many hundredths or more."""
        place = self.phrases.find(phrase)
        if place is None:
            return np.zeros(0, np.int32)
        number = int(self.arrays["phrase_numbers"][place])
        begin, end = self.arrays["phrase_ends"][number : number + 2].tolist()
        posts = self.arrays["phrase_posts"][begin:end]
        if least is None:
            return posts
        return posts[self.arrays["phrase_scores"][begin:end] >= least]

    def source(self, post: int) -> dict[str, Any]:
        """Its stored document."""
        segment, row = self.arrays["segments"][post], self.arrays["segment_rows"][post]
        return read_source(self.searcher, tantivy.DocAddress(int(segment), int(row)))


def load_columns(folder: Path, searcher: tantivy.Searcher) -> Columns:
    return Columns(ArrayFolder(folder).load_all(), searcher, Spelling(folder / SPELLING))
