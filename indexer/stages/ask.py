"""Ask: compares posts with what the index holds, and decides what is to become of each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from indexer.hashing import Hasher
from indexer.index.protocol import Ledger
from indexer.index.records import DeadHeld, Held
from indexer.stages.columns import ASKED, Action
from indexer.stages.identify import Identified, identify
from indexer.stages.retried import NONE_RETRIED, RetriedKeys
from posts.dump import Dump
from posts.errors import PICTURE_REASONS, PostError, Reason
from posts.post import Post

_UPDATE = {"action": Action.UPDATE, "text": "", "image": None, "images": None}
"""What an update does not need."""


class Ask:
    """Takes a batch of posts; gives a table of `ASKED`, a row for each.

    The index is asked twice per batch, for hashes and for dead letters.
    """

    def __init__(
        self,
        dump: Dump,
        ledger: Ledger,
        hasher: Hasher,
        *,
        keep_text: bool,
        retried: RetriedKeys = NONE_RETRIED,
    ) -> None:
        """`retried`: posts to be tried again whatever they failed for, but for a takedown."""
        self._dump = dump
        self._ledger = ledger
        self._hasher = hasher
        self._keep_text = keep_text
        self._retried = retried

    def __call__(self, posts: Sequence[Post]) -> pa.Table:
        identified = identify(self._dump, posts)
        keys = [one.post.key for one in identified]
        held = self._ledger.held([one.post.id for one in identified if one.post.key == one.post.id])
        dead = self._ledger.dead(keys)
        rows = [
            self._row(one, held.get(key), dead.get(key))
            for one, key in zip(identified, keys, strict=True)
        ]
        return pa.Table.from_pylist(rows, schema=ASKED)

    def _row(
        self, identified: Identified, held: Held | None, dead: DeadHeld | None
    ) -> dict[str, Any]:
        post, picture = identified.post, identified.picture
        row = {
            "id": post.id,
            "source": post.source,
            "picture": picture,
            "held": held is not None,
            "was_dead": dead is not None,
        }
        if dead is not None and dead.reason == Reason.TAKEN_DOWN:
            taken_down = PostError(dead.reason, dead.detail, dead.transient)
            return row | _dead(taken_down, dead.generation, dead)
        if post.error is not None and picture is None:
            return row | _dead(post.error, "", dead)
        whole = self._hashes(post, picture, unreadable=False)
        textual = self._textual(post, picture)
        # A document beside the dead letter of a passing fault, which an update takes away: what it
        # says may be true of the post all the same.
        if held is not None and (dead is None or dead.transient):
            for hashes in _current(post.error, whole, textual):
                if held == hashes and dead is None:
                    return row | _unchanged(hashes)
                if held.generation == hashes.generation:
                    return row | _fields(post, hashes) | _UPDATE
        # A dead letter under the hash of the rest: also that was tried, and there was none.
        was_tried = (
            textual is not None and dead is not None and dead.generation == textual.generation
        )
        if textual is None or was_tried or not _is_picture_fault(post.error, dead):
            now = textual if textual is not None and was_tried else whole
            if post.error is not None:
                return row | _dead(post.error, now.generation, dead)
            if dead is not None and self._stays_dead(post, dead, now):
                error = PostError(dead.reason, dead.detail, dead.transient)
                return row | _dead(error, now.generation, dead)
        is_long = self._hasher.is_long(post.text)
        return row | _fields(post, whole) | _error_columns(post.error) | {"is_long": is_long}

    def _stays_dead(self, post: Post, dead: DeadHeld, whole: Held) -> bool:
        same = not dead.transient and dead.generation == whole.generation
        return same and post.key not in self._retried

    def _hashes(self, post: Post, picture: str | None, *, unreadable: bool) -> Held:
        generation = self._hasher.generation(post.text, picture, unreadable=unreadable)
        document = self._hasher.document(generation, post.created_at, post.image_uri, post.extra)
        return Held(generation, document)

    def _textual(self, post: Post, picture: str | None) -> Held | None:
        """Hashes of the post if the rest of it is to be kept should a picture be broken."""
        rest = bool(post.text.strip()) or len(post.pictures) > 1
        if not (self._keep_text and rest and picture is not None):
            return None
        return self._hashes(post, picture, unreadable=True)


def _current(error: PostError | None, whole: Held, textual: Held | None) -> list[Held]:
    """Hashes under which a document of this post would be up to date."""
    if error is None:
        return [whole] if textual is None else [whole, textual]
    return [textual] if textual is not None and error.reason in PICTURE_REASONS else []


def _is_picture_fault(error: PostError | None, dead: DeadHeld | None) -> bool:
    if error is not None:
        return error.reason in PICTURE_REASONS
    return dead is not None and dead.reason in PICTURE_REASONS


def _fields(post: Post, hashes: Held) -> dict[str, Any]:
    return {
        "action": Action.GENERATE,
        "known": False,
        "text": post.text,
        "image": post.image,
        "images": _further(post),
        "image_uri": post.image_uri,
        "created_at": post.created_at,
        "extra": json.dumps(dict(post.extra), ensure_ascii=False, sort_keys=True),
        "generation": hashes.generation,
        "document": hashes.document,
    }


def _further(post: Post) -> list[dict[str, Any]] | None:
    if not post.images:
        return None
    return [
        {"bytes": one, "uri": None} if isinstance(one, bytes) else {"bytes": None, "uri": one}
        for one in post.images
    ]


def _unchanged(hashes: Held) -> dict[str, Any]:
    return {
        "action": Action.UNCHANGED,
        "known": False,
        "text": "",
        "extra": "{}",
        "generation": hashes.generation,
        "document": hashes.document,
    }


def _dead(error: PostError, generation: str, dead: DeadHeld | None) -> dict[str, Any]:
    known = DeadHeld(generation, error.reason, error.detail, error.transient)
    return {
        "action": Action.DEAD,
        "known": dead == known,
        "text": "",
        "extra": "{}",
        "generation": generation,
        "document": "",
        **_error_columns(error),
    }


def _error_columns(error: PostError | None) -> dict[str, Any]:
    if error is None:
        return {}
    return {
        "error_reason": str(error.reason),
        "error_detail": error.detail,
        "error_transient": error.transient,
    }
