"""A cache of encoded things that is bounded by their bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import NamedTuple

_ENTRY_BYTES = 500
"""What an entry takes beside its data, about."""


class Cached(NamedTuple):
    data: bytes | None
    """None: it is known that there is nothing."""


class ByteCache:
    """Keeps what was used last; safe for many threads."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._entries: OrderedDict[Hashable, Cached] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Cached | None:
        """None: nothing is known of it."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None:
                self._entries.move_to_end(key)
            return entry

    def put(self, key: Hashable, data: bytes | None) -> None:
        with self._lock:
            self._forget(key)
            self._entries[key] = Cached(data)
            self._bytes += _size(data)
            while self._bytes > self._most_bytes:
                self._forget(next(iter(self._entries)))

    def __len__(self) -> int:
        return len(self._entries)

    def _forget(self, key: Hashable) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._bytes -= _size(entry.data)


def _size(data: bytes | None) -> int:
    return _ENTRY_BYTES + len(data or b"")
