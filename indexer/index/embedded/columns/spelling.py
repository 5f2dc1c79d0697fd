"""Spelling: the terms of an index that are spelled nearly like a word."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import tantivy

from indexer.index.spelling import allowed_edits

_TERM, _NUMBER = "term", "number"
_WRITER_BYTES = 32_000_000
_MOST = 1_000_000
"""Terms that are found; far more than are alike."""


class Spelling:
    """A tantivy index of terms, whose automaton is the one that the table's own terms meet."""

    def __init__(self, folder: Path) -> None:
        index = tantivy.Index.open(str(folder))
        self._schema = index.schema
        self._searcher = index.searcher()

    def near(self, term: str) -> list[int]:
        """Places of terms in the order in which they were saved."""
        asked = tantivy.Query.fuzzy_term_query(self._schema, _TERM, term, allowed_edits(term))
        found = self._searcher.search(asked, _MOST, count=False, order_by_field=_NUMBER)
        return [int(number) for number, _ in found.hits]


def save_spelling(folder: Path, terms: Sequence[str]) -> None:
    """`Spelling` reads it."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field(_TERM, tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field(_NUMBER, fast=True)
    folder.mkdir()
    index = tantivy.Index(builder.build(), str(folder))
    writer = index.writer(_WRITER_BYTES, 1)
    for number, term in enumerate(terms):
        row = tantivy.Document()
        row.add_text(_TERM, term)
        row.add_unsigned(_NUMBER, number)
        writer.add_document(row)
    writer.commit()
    writer.wait_merging_threads()
