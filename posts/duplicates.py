"""Duplicate ids: of all posts with one id the first, in file and row order, keeps it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from posts.errors import PostError, Reason
from posts.post import Post

IdHashes = npt.NDArray[np.uint64]
"""[posts, 2]: 128 bits of each id, in the order of a fragment. 16 bytes a post are all that
finding duplicates needs of a dump; a chance collision among 10^9 ids has odds of 10^-21."""


def hash_ids(pairs: Iterable[tuple[str, str]]) -> IdHashes:
    """Hashes of the (id, source) pairs of a fragment, as `Dump.ids` gives them."""
    digests = b"".join(
        hashlib.blake2b(post_id.encode(), digest_size=16).digest() for post_id, _ in pairs
    )
    return np.frombuffer(digests, dtype=np.uint64).reshape(-1, 2)


@dataclass(frozen=True)
class Duplicates:
    """Which posts of each fragment repeat an id: positions among the fragment's posts with one."""

    positions: tuple[frozenset[int], ...]

    @classmethod
    def find(cls, fragments: Sequence[IdHashes]) -> Duplicates:
        """From the hashes of all fragments, in the dump's order."""
        if not fragments:
            return cls(())
        hashes = np.concatenate(fragments)
        # lexsort is stable: among equal ids the order of the dump stays.
        order = np.lexsort((hashes[:, 0], hashes[:, 1]))
        same = (hashes[order[1:]] == hashes[order[:-1]]).all(axis=1)
        later = np.sort(order[1:][same])
        ends = np.cumsum([len(part) for part in fragments])
        parts = np.split(later, np.searchsorted(later, ends[:-1]))
        starts = ends - [len(part) for part in fragments]
        return cls(
            tuple(
                frozenset((part - start).tolist())
                for part, start in zip(parts, starts, strict=True)
            )
        )

    @property
    def total(self) -> int:
        return sum(len(part) for part in self.positions)

    def mark(self, number: int, posts: Iterable[Post]) -> Iterator[Post]:
        """The posts of fragment `number` in order, each duplicate with its error."""
        return mark_duplicates(posts, self.positions[number])


def mark_duplicates(posts: Iterable[Post], positions: frozenset[int]) -> Iterator[Post]:
    """Posts with an error for those whose position, among the posts with an id, is given."""
    position = -1
    for post in posts:
        if not post.id:
            yield post
            continue
        position += 1
        if position in positions:
            yield replace(post, error=_duplicate(post.id))
        else:
            yield post


def _duplicate(post_id: str) -> PostError:
    return PostError(Reason.DUPLICATE_ID, f"an earlier post of the dump is {post_id[:100]!r} too")
