"""Where the posts of a dump lie, by their ids: 20 bytes a post, whatever the ids are."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from posts.dump import Dump
from posts.fragment import Fragment
from posts.post import Post

_SIDES: tuple[Literal["left"], Literal["right"]] = ("left", "right")
_THREADS = 4
"""Fragments that are read at a time: it is parsing that takes the time, or a distant server."""


class StoppedError(Exception):
    """The index is no longer wanted."""


class MovedError(Exception):
    """The files have changed since their ids were read."""


@dataclass(frozen=True, kw_only=True, eq=False)
class IdIndex:
    """Finds the post of an id; of more than one the first in file and row order.

    It holds hashes of 64 bits in their order. What it finds is read and compared by its whole id,
    so that two ids of one hash are no matter.
    """

    fragments: Sequence[Fragment]
    hashes: npt.NDArray[np.uint64]
    """[posts], rising."""
    numbers: npt.NDArray[np.uint32]
    """[posts]: the fragment of each."""
    places: npt.NDArray[np.int64]
    """[posts]: where in the file, as `Dump.places` has it."""

    @classmethod
    def build(cls, dump: Dump, stopped: Callable[[], bool] = lambda: False) -> IdIndex:
        """Reads all ids once; raises `StoppedError` soon after `stopped` is true."""
        fragments = dump.fragments()
        with ThreadPoolExecutor(_THREADS) as threads:
            parts = list(threads.map(lambda each: _places(dump, each, stopped), fragments))
        hashes = np.concatenate([_NO_HASHES, *(part[0] for part in parts)])
        # Stable: among equal hashes the order of the dump stays.
        order = np.argsort(hashes, kind="stable")
        lengths = np.array([len(part[0]) for part in parts], dtype=np.int64)
        numbers = np.arange(len(parts), dtype=np.uint32).repeat(lengths)
        return cls(
            fragments=fragments,
            hashes=hashes[order],
            numbers=numbers[order],
            places=np.concatenate([_NO_PLACES, *(part[1] for part in parts)])[order],
        )

    def __len__(self) -> int:
        return len(self.hashes)

    def find(self, dump: Dump, post_id: str) -> Post | None:
        """The post, as far as its picture needs it; None: the dump has none with this id.

        Raises `MovedError`, and what the files raise where they are not reached.
        """
        try:
            wanted = _hash(post_id)
        except UnicodeEncodeError:
            return None
        key = np.frombuffer(wanted, np.uint64)[0]
        first, behind = (int(np.searchsorted(self.hashes, key, side)) for side in _SIDES)
        for position in range(first, behind):
            post = self._read(dump, position)
            if post.id == post_id:
                return post
        if first < behind:
            raise MovedError
        return None

    def _read(self, dump: Dump, position: int) -> Post:
        fragment = self.fragments[self.numbers[position]]
        try:
            return dump.read_at(fragment, int(self.places[position]))
        except FileNotFoundError:
            raise MovedError from None


_NO_HASHES, _NO_PLACES = np.empty(0, np.uint64), np.empty(0, np.int64)
_Part = tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]


def _places(dump: Dump, fragment: Fragment, stopped: Callable[[], bool]) -> _Part:
    hashes, places = bytearray(), array("q")
    for post_id, place in _until(stopped, dump.places(fragment)):
        hashes += _hash(post_id)
        places.append(place)
    return np.frombuffer(hashes, np.uint64), np.frombuffer(places, np.int64)


def _until(
    stopped: Callable[[], bool], pairs: Iterator[tuple[str, int]]
) -> Iterator[tuple[str, int]]:
    for pair in pairs:
        if stopped():
            raise StoppedError
        yield pair


def _hash(post_id: str) -> bytes:
    return hashlib.blake2b(post_id.encode(), digest_size=8).digest()
