"""Access to an index from the command line, besides runs and searches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from indexer.index.location import open_index
from indexer.index.protocol import Index
from indexer.run_id import new_run_id
from posts.errors import InputError


@contextmanager
def opened_index(location: str) -> Iterator[Index]:
    """The index, closed afterwards."""
    index = open_index(location)
    try:
        yield index
    finally:
        index.close()


@contextmanager
def locked_index(location: str) -> Iterator[Index]:
    """An index that is there, and to which no run writes meanwhile; else `InputError`."""
    with opened_index(location) as index:
        index.check()
        if index.live() is None:
            raise InputError(f"there is no index at {location}; run `keyphrases index` first")
        with index.lock(new_run_id()):
            yield index
