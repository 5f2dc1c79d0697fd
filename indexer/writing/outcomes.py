"""Outcomes: what the finished posts of a table mean for the index."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from indexer.index.records import DeadLetter, Document, DocumentUpdate, Held
from indexer.index.vectors import Vectors
from indexer.stages.columns import Action
from posts.errors import PostError, Reason
from posts.phrases import Keyphrase
from posts.post import Post


@dataclass(frozen=True, kw_only=True)
class Outcomes:
    """Writes, and what needs none."""

    documents: list[Document] = field(default_factory=list)
    updates: list[DocumentUpdate] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)
    known_letters: list[DeadLetter] = field(default_factory=list)
    """Dead letters that the index has already, and no document of the same post."""
    sources: dict[str, str] = field(default_factory=dict)
    """Where each post of documents and updates was read, by its id."""
    unchanged: int = 0
    bytes: int = 0
    """Size of the table they came from, about that of their writes."""

    def __len__(self) -> int:
        letters = len(self.letters) + len(self.known_letters)
        return len(self.documents) + len(self.updates) + letters + self.unchanged


def outcomes_of(table: pa.Table, run: str) -> Outcomes:
    """From a table of `FINISHED` columns."""
    actions = table.column("action").to_pylist()
    unchanged = actions.count(Action.UNCHANGED)
    found = Outcomes(unchanged=unchanged, bytes=table.nbytes)
    if unchanged == len(actions):
        return found
    now = datetime.now(UTC)
    for row in table.to_pylist():
        match row["action"]:
            case Action.GENERATE:
                found.documents.append(_document(row))
                found.sources[row["id"]] = row["source"]
            case Action.UPDATE:
                found.updates.append(_update(row))
                found.sources[row["id"]] = row["source"]
            case Action.DEAD:
                letter = _letter(row, run, now)
                # One that is known, and yet the document is there that it should have replaced:
                # a takedown was killed, or another version of the index is searched since.
                is_done = row["known"] and not letter.replaces
                (found.known_letters if is_done else found.letters).append(letter)
    return found


def refused_letter(
    document: Document | DocumentUpdate, source: str, why: str, run: str
) -> DeadLetter:
    """For a write that the index refused.

    Transient: the fault may lie in the date or the extra fields, which the generation hash does
    not cover, so that a mended post would pass for the same one. And as after any passing fault a
    document from an earlier run stays as it was.
    """
    return DeadLetter(
        key=document.id,
        id=document.id,
        source=source,
        reason=Reason.INDEX_REFUSED,
        detail=why,
        transient=True,
        generation=document.held.generation,
        run=run,
        at=datetime.now(UTC),
    )


def _document(row: dict[str, Any]) -> Document:
    return Document(
        id=row["id"],
        text=row["text"],
        created_at=row["created_at"],
        image_uri=row["image_uri"],
        has_picture=row["has_picture"],
        extra=json.loads(row["extra"]),
        keyphrases=tuple(Keyphrase(one["phrase"], one["score"]) for one in row["keyphrases"]),
        held=Held(row["generation"], row["document"]),
        vectors=_vectors(row),
        alignment=row["alignment"],
        picture_dropped=bool(row["picture_dropped"]),
        was_dead=row["was_dead"],
        lead_picture=row["lead_picture"] or 0,
        summary=row["summary"],
    )


def _vectors(row: dict[str, Any]) -> Vectors | None:
    text, picture = row["text_vector"], row["picture_vector"]
    if text is None and picture is None:
        return None
    return Vectors(
        text=None if text is None else tuple(text),
        picture=None if picture is None else tuple(picture),
    )


def _update(row: dict[str, Any]) -> DocumentUpdate:
    return DocumentUpdate(
        id=row["id"],
        created_at=row["created_at"],
        image_uri=row["image_uri"],
        extra=json.loads(row["extra"]),
        held=Held(row["generation"], row["document"]),
        was_dead=row["was_dead"],
    )


def _letter(row: dict[str, Any], run: str, at: datetime) -> DeadLetter:
    error = PostError(Reason(row["error_reason"]), row["error_detail"], row["error_transient"])
    return DeadLetter(
        key=Post(id=row["id"], source=row["source"], error=error).key,
        id=row["id"],
        source=row["source"],
        reason=error.reason,
        detail=error.detail,
        transient=error.transient,
        generation=row["generation"],
        run=run,
        at=at,
        # A passing fault does not take a document out of searches; the next run tries again.
        replaces=row["held"] and not error.transient,
    )
