"""Sessions of the page: a random token in a cookie stands for the key that was shown once."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from hashlib import sha256

SECONDS = 12 * 3600
"""A working day; then the key is asked for again."""
_MOST = 10_000
"""Sessions at a time; the oldest one gives way."""


class Sessions:
    """Kept in memory alone, by the hash of their token; a restart ends them all."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._ends: OrderedDict[bytes, float] = OrderedDict()

    def begin(self) -> str:
        """The token of a new session."""
        token = secrets.token_urlsafe(32)
        self._ends[_hash(token)] = self._clock() + SECONDS
        while len(self._ends) > _MOST or next(iter(self._ends.values())) < self._clock():
            self._ends.popitem(last=False)
        return token

    def lives(self, token: str) -> bool:
        return self._ends.get(_hash(token), 0.0) > self._clock()

    def end(self, token: str) -> None:
        """Also where there is none."""
        self._ends.pop(_hash(token), None)


def _hash(token: str) -> bytes:
    # Looked up by its hash, how long that takes tells nothing of any token.
    return sha256(token.encode("utf-8", "surrogatepass")).digest()
