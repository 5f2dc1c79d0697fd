"""Documents, updates and dead letters as items of bulk requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from indexer.index.elastic import bulk
from indexer.index.records import DeadLetter, Document, DocumentUpdate
from indexer.index.stored import (
    UnstorableError,
    alignment_of,
    best_score,
    document_source,
    letter_key,
    letter_source,
    phrases_by_score,
    phrases_by_strength,
    update_source,
)
from indexer.index.vectors import listed_vectors


def document_operations(
    version: str,
    documents: Sequence[Document],
    updates: Sequence[DocumentUpdate],
    *,
    vectors: bool = False,
) -> tuple[list[bulk.Operation], dict[str, str]]:
    """Operations, and ids of documents that cannot be stored with the reason.

    `vectors`: the version has them.
    """
    operations: list[bulk.Operation] = []
    refused: dict[str, str] = {}
    for document in documents:
        try:
            source = document_source(document)
        except UnstorableError as error:
            refused[document.id] = str(error)
            continue
        body = document_body(source)
        if vectors:
            body |= listed_vectors(document.vectors)
        operations.append(bulk.operation("index", version, document.id, body))
    for update in updates:
        try:
            changes = {"doc": update_source(update)}
        except UnstorableError as error:
            refused[update.id] = str(error)
            continue
        operations.append(bulk.operation("update", version, update.id, changes))
    return operations, refused


def document_body(source: Mapping[str, Any]) -> dict[str, Any]:
    """A stored document with the fields that it is searched by."""
    body = {
        **source,
        **phrases_by_strength(source),
        "scored_keyphrases": phrases_by_score(source),
        "best_score": best_score(source),
    }
    if (alignment := alignment_of(source)) is not None:
        body["aligned"] = alignment
    return body


def letter_operations(index: str, letters: Sequence[DeadLetter]) -> list[bulk.Operation]:
    return [
        bulk.operation("index", index, letter_key(letter.key), letter_source(letter))
        for letter in letters
    ]
