"""The stored form of documents and dead letters: one JSON object each, alike in both engines."""

from __future__ import annotations

import json
from collections.abc import Container, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from indexer.index.analysis import valid_unicode
from indexer.index.highlight import highlight
from indexer.index.query import MEDIUM, STRONG, Hit
from indexer.index.records import DeadHeld, DeadLetter, Document, DocumentUpdate, Held
from posts.errors import Reason
from posts.phrases import Keyphrase

_ROUNDING = 1e-6
"""0.29 * 100 is a little less than 29, and engines that keep 32 bits lose a little more."""
_LONGEST_ID = 512
"""Bytes of UTF-8; Elasticsearch's limit, kept by both engines."""


class UnstorableError(ValueError):
    """No engine can hold this document; the message says why."""


def storable_id(id: str) -> bool:
    """Whether a document can have this id."""
    try:
        return 0 < len(id.encode()) <= _LONGEST_ID
    except UnicodeEncodeError:
        return False


def document_source(document: Document) -> dict[str, Any]:
    """A document as it is stored; `UnstorableError` if it cannot be."""
    if not storable_id(document.id):
        raise UnstorableError(f"the id is empty, not Unicode or over {_LONGEST_ID} bytes")
    _refuse_invalid_unicode(document.text)
    phrases = [valid_unicode(keyphrase.phrase) for keyphrase in document.keyphrases]
    return {
        "id": document.id,
        "text": document.text,
        "has_picture": document.has_picture,
        "keyphrases": phrases,
        "scores": [float(keyphrase.score) for keyphrase in document.keyphrases],
        **_of_documents(document),
        **_aligned(document),
        **_changeable(document),
    }


def update_source(update: DocumentUpdate) -> dict[str, Any]:
    """The part of a stored document that an update replaces; `UnstorableError` if it cannot."""
    return _changeable(update)


def phrases_by_strength(source: Mapping[str, Any]) -> dict[str, list[str]]:
    """Phrases of a stored document in the fields that free text is matched in."""
    fields: dict[str, list[str]] = {"strong": [], "medium": [], "weak": []}
    for phrase, score in zip(source["keyphrases"], source["scores"], strict=True):
        fields[strength(score)].append(phrase)
    return fields


def strength(score: float) -> str:
    """The field of a phrase with this score."""
    return "strong" if score >= STRONG else "medium" if score >= MEDIUM else "weak"


def phrases_by_score(source: Mapping[str, Any]) -> list[str]:
    """Phrases of a stored document with their scores, as `scored_phrase` writes them."""
    pairs = zip(source["keyphrases"], source["scores"], strict=True)
    return [scored_phrase(phrase, hundredths(score)) for phrase, score in pairs]


def scored_phrase(phrase: str, score: int) -> str:
    """A phrase with a score in hundredths, as one term to filter by."""
    return f"{score:03} {phrase}"


def hundredths(score: float) -> int:
    """A score from 0 to 1 in whole hundredths, rounded down."""
    return min(100, max(0, int(score * 100 + _ROUNDING)))


def phrase_and_score(scored: str) -> tuple[str, float]:
    """Inverse of `scored_phrase`; the score from 0 to 1."""
    score, _, phrase = scored.partition(" ")
    return phrase, int(score) / 100


def best_score(source: Mapping[str, Any]) -> int | None:
    """Of a stored document's keyphrases, in hundredths; None: it has none."""
    return max(map(hundredths, source["scores"]), default=None)


def alignment_of(source: Mapping[str, Any]) -> int | None:
    """Of a stored document, in hundredths; None: it has none."""
    alignment = source.get("alignment")
    return None if alignment is None else hundredths(alignment)


def held_from_source(source: Mapping[str, Any]) -> Held:
    return Held(source["generation_hash"], source["document_hash"])


def hit_from_source(source: Mapping[str, Any], score: float, terms: Container[str]) -> Hit:
    """A hit from a stored document; `terms` are those of the query's words."""
    created_at = source["created_at"]
    return Hit(
        id=source["id"],
        score=score,
        text=source["text"],
        keyphrases=tuple(map(Keyphrase, source["keyphrases"], source["scores"])),
        highlight=highlight(source["text"], terms),
        created_at=None if created_at is None else datetime.fromisoformat(created_at),
        has_picture=source["has_picture"],
        alignment=source.get("alignment"),
        picture_dropped=source.get("picture_dropped", False),
        image_uri=source["image_uri"],
        extra=json.loads(source["extra"]),
        lead_picture=source.get("lead_picture", 0),
        summary=source.get("summary"),
    )


def letter_key(key: str) -> str:
    """The id under which a dead letter is stored: the key, or its hash if it cannot be an id.

    A post whose id no engine takes must still be able to have its dead letter.
    """
    if storable_id(key):
        return key
    return "sha256:" + sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def letter_source(letter: DeadLetter) -> dict[str, Any]:
    """A dead letter as it is stored; always possible."""
    return {
        "key": valid_unicode(letter.key),
        "id": valid_unicode(letter.id),
        "source": valid_unicode(letter.source),
        "reason": str(letter.reason),
        "detail": valid_unicode(letter.detail),
        "transient": letter.transient,
        "generation_hash": letter.generation,
        "run": letter.run,
        "at": _utc(letter.at).isoformat(),
    }


def dead_from_source(source: Mapping[str, Any]) -> DeadHeld:
    return DeadHeld(
        generation=source["generation_hash"],
        reason=Reason(source["reason"]),
        detail=source["detail"],
        transient=source["transient"],
    )


def milliseconds(moment: datetime) -> int:
    """Since 1970, rounded down: the resolution in which both engines compare dates."""
    return (_utc(moment) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def _of_documents(document: Document) -> dict[str, Any]:
    """What only posts of several pictures or long text have; nothing for others, which are stored
    as ever."""
    found: dict[str, Any] = {}
    if document.lead_picture:
        found["lead_picture"] = document.lead_picture
    if document.summary is not None:
        found["summary"] = valid_unicode(document.summary)
    return found


def _aligned(document: Document) -> dict[str, Any]:
    """What a model without vectors does not tell; documents of one are as they always were."""
    found: dict[str, Any] = {}
    if document.alignment is not None:
        found["alignment"] = float(document.alignment)
    if document.picture_dropped:
        found["picture_dropped"] = True
    return found


def _changeable(record: Document | DocumentUpdate) -> dict[str, Any]:
    """What can change without the model: date, extra fields, picture's place, and the hashes."""
    return {
        "created_at": None if record.created_at is None else _utc(record.created_at).isoformat(),
        "image_uri": None if record.image_uri is None else valid_unicode(record.image_uri),
        "extra": _extra(record.extra),
        "generation_hash": record.held.generation,
        "document_hash": record.held.document,
    }


def _extra(extra: Mapping[str, Any]) -> str:
    """JSON text, not an object: any field name and depth survives, and an update replaces it
    whole, where Elasticsearch would merge objects."""
    try:
        text = json.dumps(dict(extra), ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise UnstorableError("the extra fields are not JSON") from error
    _refuse_invalid_unicode(text)
    return text


def _refuse_invalid_unicode(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UnstorableError("the text is not valid Unicode (a lone surrogate)") from error


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
