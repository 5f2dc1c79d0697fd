"""Documents, updates and dead letters as items of bulk requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from indexer.index.elastic import bulk
from indexer.index.records import DeadLetter, Document, DocumentUpdate
from indexer.index.stored import (
    UnstorableError,
    best_score,
    document_source,
    letter_key,
    letter_source,
    phrases_by_score,
    phrases_by_strength,
    update_source,
)


def document_operations(
    version: str, documents: Sequence[Document], updates: Sequence[DocumentUpdate]
) -> tuple[list[bulk.Operation], dict[str, str]]:
    """Operations, and ids of documents that cannot be stored with the reason."""
    operations: list[bulk.Operation] = []
    refused: dict[str, str] = {}
    for document in documents:
        try:
            source = document_source(document)
        except UnstorableError as error:
            refused[document.id] = str(error)
            continue
        operations.append(bulk.operation("index", version, document.id, document_body(source)))
    for update in updates:
        try:
            body = {"doc": update_source(update)}
        except UnstorableError as error:
            refused[update.id] = str(error)
            continue
        operations.append(bulk.operation("update", version, update.id, body))
    return operations, refused


def document_body(source: Mapping[str, Any]) -> dict[str, Any]:
    """A stored document with the fields that it is searched by."""
    return {
        **source,
        **phrases_by_strength(source),
        "scored_keyphrases": phrases_by_score(source),
        "best_score": best_score(source),
    }


def letter_operations(index: str, letters: Sequence[DeadLetter]) -> list[bulk.Operation]:
    return [
        bulk.operation("index", index, letter_key(letter.key), letter_source(letter))
        for letter in letters
    ]
