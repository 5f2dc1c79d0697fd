"""The suggester of an index, made anew when the index has changed."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace

from indexer.index.protocol import Index
from indexer.search.suggester import Suggester
from posts.errors import KeyphraseError

_FRESH_SECONDS = 300.0
"""How old the keyphrases may be that are suggested; each suggestion is looked up all the same."""


@dataclass(frozen=True, slots=True)
class _Made:
    suggester: Suggester
    state: str | None
    """Of the index, as its reader names it."""
    looked_at: float
    """When it was of that state for sure."""


class FreshSuggester:
    """Safe for many threads: the first asks for all, and later ones are given what there is."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._made: _Made | None = None
        self._making = threading.Lock()

    def __call__(self) -> Suggester:
        """The first one is waited for. When it is old, a thread makes another one meanwhile."""
        made = self._made
        if made is None:
            with self._making:
                made = self._made = self._made or self._make()
                return made.suggester
        is_old = time.monotonic() - made.looked_at > _FRESH_SECONDS
        if is_old and self._making.acquire(blocking=False):
            threading.Thread(target=self._renew, args=(made,), daemon=True).start()
        return made.suggester

    def _renew(self, old: _Made) -> None:
        """For whoever holds the lock, which is given back."""
        try:
            # Another thread may have done it between its look and the lock.
            if self._made is old:
                self._made = self._make(old)
        except KeyphraseError:
            # Who suggests asks the index itself, and is told what is wrong with it.
            pass
        finally:
            self._making.release()

    def _make(self, old: _Made | None = None) -> _Made:
        # Looked at before it is read: what changes meanwhile is read again the next time.
        state, now = self._index.reader.state(), time.monotonic()
        if old is not None and state is not None and old.state == state:
            return replace(old, looked_at=now)
        return _Made(Suggester(self._index.reader.vocabulary()), state, now)
