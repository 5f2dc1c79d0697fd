"""Takedowns: posts that are out of an index for good, whatever dumps bring."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from indexer.index.protocol import Index
from indexer.index.records import DeadLetter
from posts.errors import InputError, Reason

_SOURCE = "keyphrases delete"


def take_down(index: Index, ids: Sequence[str], why: str, run: str) -> int:
    """Removes the posts from all versions and keeps them out of later ones; how many were live.

    `index` is locked by the caller. An id that the index does not hold is kept out all the same.
    """
    distinct = list(dict.fromkeys(ids))
    if not distinct or not all(distinct):
        raise InputError("an id of a post to be deleted is empty, or none was named")
    now = datetime.now(UTC)
    return index.take_down(
        [
            DeadLetter(
                key=id,
                id=id,
                source=_SOURCE,
                reason=Reason.TAKEN_DOWN,
                detail=why,
                transient=False,
                generation="",
                run=run,
                at=now,
                replaces=True,
            )
            for id in distinct
        ]
    )
