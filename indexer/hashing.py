"""The two hashes that make an index the ledger of its runs.

*Generation*: over all that decides a post's keyphrases. *Document*: over that and all else that
the index shows of it. Both are SHA-256, in hexadecimal, over canonical JSON.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

_SEVERAL = "several:"
_DOCUMENTS = 3
"""Part of the hash of documents: raise it when they are to be asked anew, and other posts not."""

_FORMAT = 1
"""Part of every hash: raise it when documents must be written anew after a change of code."""


@dataclass(frozen=True, kw_only=True)
class Hasher:
    """Hashes the posts of a run, all with one model."""

    model_digest: str
    """Of the model and of every setting that changes its keyphrases."""
    ocr: str | None = None
    """What reads the words in pictures (see `posts.ocr`); None if they are not read."""
    picture_gate: float | None = None
    """How well a picture must fit its text for the model to be shown it; None: all are shown."""
    min_score: float | None = None
    """Of keyphrases, where the run has another than the model's card."""
    longest_text: int | None = None
    """Characters of a text that the model is asked whole; None: however long it is."""

    def is_long(self, text: str) -> bool:
        """Whether a text is read in chunks."""
        return self.longest_text is not None and len(text) > self.longest_text

    def generation(
        self, text: str, picture: str | None, *, unreadable: bool = False, unread: bool = False
    ) -> str:
        """Of a text and a picture's identity, or None where the post has no picture.

        `unreadable`: the picture was given but is broken, and the text is indexed without it.
        The identity still counts, so that a mended picture is noticed. `unread`: OCR failed on
        the picture, and the hash is that of a run without OCR, so that the next one tries again.
        """
        is_document = self.is_long(text) or (picture is not None and picture.startswith(_SEVERAL))
        content = {
            "format": _FORMAT,
            "model": self.model_digest,
            "text": text,
            "picture": picture,
            "unreadable": unreadable,
        }
        # Left out where no words were read: such posts are what they were before there was OCR.
        if self.ocr is not None and picture is not None and not (unreadable or unread):
            content["ocr"] = self.ocr
        # Nor a document's, whose pictures are all shown.
        gated = picture is not None and not (unreadable or is_document)
        if self.picture_gate is not None and gated:
            content["picture_gate"] = self.picture_gate
        if self.min_score is not None:
            content["min_score"] = self.min_score
        # Left out of all others: they are what they were before there were documents.
        if is_document:
            content["documents"] = _DOCUMENTS
        return _sha256(content)

    def document(
        self,
        generation: str,
        created_at: datetime | None,
        image_uri: str | None,
        extra: Mapping[str, Any],
    ) -> str:
        """Of a generation hash, and of the fields that change without a model."""
        moment = None if created_at is None else created_at.astimezone(UTC).isoformat()
        return _sha256(
            {
                "generation": generation,
                "created_at": moment,
                "image_uri": image_uri,
                "extra": dict(extra),
            }
        )


def identity_of_bytes(data: bytes) -> str:
    """The identity of a picture whose bytes are at hand."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def identity_of_version(uri: str, version: str) -> str:
    """The identity of a picture as a listing shows it.

    The URI is part of it: on disk a version is size and time, which two files may share.
    """
    return f"version:{version}:{uri}"


def identity_of_several(pictures: Sequence[str]) -> str:
    """The identity of all pictures of a post that has several, by those of each in their order."""
    return f"{_SEVERAL}{_sha256({'pictures': list(pictures)})}"


def _sha256(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(_canonical(content)).hexdigest()


def _canonical(content: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        # orjson has no integers beyond 64 bits, and a dump's extra fields may.
        return json.dumps(content, sort_keys=True, ensure_ascii=False).encode()
