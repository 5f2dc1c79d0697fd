"""Documents, builds and dead letters for tests of an index."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from indexer.index.records import Build, DeadLetter, Document, DocumentUpdate, Held
from posts.errors import Reason
from posts.phrases import Keyphrase

BUILD = Build(model="cats@1", model_digest="a" * 64, settings={"beams": 4}, run="first")
OTHER_BUILD = Build(model="cats@2", model_digest="b" * 64, run="second")
SPRING = datetime(2026, 4, 1, 12, tzinfo=UTC)


def document(id: str = "p1", text: str = "a plain text", **changes: Any) -> Document:
    fields: dict[str, Any] = {
        "id": id,
        "text": text,
        "created_at": SPRING,
        "image_uri": None,
        "has_picture": False,
        "extra": {},
        "keyphrases": (),
        "held": Held(f"generation of {id}", f"document of {id}"),
    }
    return Document(**fields | changes)


def phrases(**scores: float) -> tuple[Keyphrase, ...]:
    """`phrases(red_dog=0.7)` is the keyphrase `red dog` with score 0.7."""
    return tuple(Keyphrase(name.replace("_", " "), score) for name, score in scores.items())


def update(id: str = "p1", **changes: Any) -> DocumentUpdate:
    fields: dict[str, Any] = {
        "id": id,
        "created_at": SPRING,
        "image_uri": None,
        "extra": {},
        "held": Held(f"generation of {id}", "new document"),
    }
    return DocumentUpdate(**fields | changes)


def letter(key: str = "p1", **changes: Any) -> DeadLetter:
    fields: dict[str, Any] = {
        "key": key,
        "id": key,
        "source": "posts.jsonl:7",
        "reason": Reason.BROKEN_PICTURE,
        "detail": "truncated JPEG",
        "transient": False,
        "generation": "0123456789abcdef",
        "run": "first",
        "at": SPRING,
    }
    return DeadLetter(**fields | changes)
