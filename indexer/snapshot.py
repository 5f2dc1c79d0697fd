"""Snapshots: an index that holds what a dump holds, and nothing that has gone from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from posts.duplicates import IdHashes, hash_ids
from posts.errors import JobError

_USUAL_RATE = 0.5
_MANY = 1_000
_NONE = np.empty(0, dtype=np.uint64)


class Documents(Protocol):
    """The part of `indexer.index.protocol.Index` that is needed here."""

    def ids(self) -> Iterable[Sequence[str]]: ...

    def remove(self, ids: Sequence[str]) -> None: ...


def remove_gone(index: Documents, hashes: Sequence[IdHashes], rate: float | None) -> int:
    """Removes all documents whose ids are not among the dump's; how many there were.

    `rate`: the share of the index's documents that may be gone. None: half, in an index of at
    least a thousand, and a smaller one may lose whatever it does. Raises `JobError`, and removes
    none, if there are more: a dump that lacks so much is more likely to be broken than true.
    """
    held = 0
    gone: list[str] = []
    present = np.sort(np.concatenate([_NONE, *(fragment[:, 0] for fragment in hashes)]))
    for ids in index.ids():
        held += len(ids)
        gone += _missing(ids, present)
    allowed = _USUAL_RATE if rate is None else rate
    if len(gone) > allowed * held and (rate is not None or held >= _MANY):
        raise JobError(
            f"{len(gone):,} of the index's {held:,} posts are not in the dump any more, more than "
            f"--max-gone-rate {allowed:g} allows; none of them was removed. See that the dump is "
            "whole, or allow more"
        )
    if gone:
        index.remove(gone)
    return len(gone)


def _missing(ids: Sequence[str], present: NDArray[np.uint64]) -> Iterator[str]:
    """Those of the ids that are not among the sorted hashes.

    By 64 bits of their hashes: one in 10^10 that has gone may stay, and none goes that is there.
    """
    asked = hash_ids((id, "") for id in ids)[:, 0]
    first, behind = (np.searchsorted(present, asked, side) for side in ("left", "right"))
    there = (first < behind).tolist()
    return (id for id, found in zip(ids, there, strict=True) if not found)
