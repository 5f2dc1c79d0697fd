"""Rows of the two tables: documents with their searchable fields, and dead letters."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import tantivy

from indexer.index.embedded.table import ANALYZER, SOURCE, keyed_schema
from indexer.index.query import BOOSTS
from indexer.index.stored import (
    alignment_of,
    best_score,
    milliseconds,
    phrases_by_score,
    phrases_by_strength,
)

CREATED_AT = "created_at"
"""Milliseconds since 1970; tantivy's own dates are too coarse."""
KEYPHRASES = "keyphrases"
"""Phrases in display form, whole, for filters and facets."""
SCORED_KEYPHRASES = "scored_keyphrases"
"""The same with their scores (see `indexer.index.stored.scored_phrase`)."""
BEST_SCORE = "best_score"
"""Of all keyphrases, in hundredths."""
HAS_PICTURE = "has_picture"
"""0 or 1."""


ALIGNED = "aligned"
"""How probably text and picture belong together, in hundredths; only where posts have vectors."""


def documents_schema(*, vectors: bool = False) -> tantivy.Schema:
    """`vectors`: posts have them. Without, the schema is that of before there were any."""
    builder = keyed_schema()
    for name in BOOSTS:
        builder.add_text_field(name, tokenizer_name=ANALYZER, index_option="position")
    builder.add_text_field(KEYPHRASES, tokenizer_name="raw", index_option="basic", fast=True)
    builder.add_text_field(SCORED_KEYPHRASES, tokenizer_name="raw", index_option="basic")
    for name in (CREATED_AT, BEST_SCORE, HAS_PICTURE):
        builder.add_integer_field(name, indexed=True, fast=True)
    if vectors:
        builder.add_integer_field(ALIGNED, indexed=True, fast=True)
    return builder.build()


def letters_schema() -> tantivy.Schema:
    return keyed_schema().build()


def document_row(source: Mapping[str, Any], *, vectors: bool = False) -> dict[str, Any]:
    """Fields of a stored document (see `indexer.index.stored`), of the schema with `vectors` or of
    that without."""
    row: dict[str, Any] = {
        SOURCE: source,
        "text": [source["text"]],
        KEYPHRASES: source["keyphrases"],
        SCORED_KEYPHRASES: phrases_by_score(source),
        HAS_PICTURE: int(source["has_picture"]),
        **phrases_by_strength(source),
    }
    if (best := best_score(source)) is not None:
        row[BEST_SCORE] = best
    if vectors and (alignment := alignment_of(source)) is not None:
        row[ALIGNED] = alignment
    if source["created_at"] is not None:
        row[CREATED_AT] = milliseconds(datetime.fromisoformat(source["created_at"]))
    return row


def letter_row(source: Mapping[str, Any]) -> dict[str, Any]:
    return {SOURCE: source}
