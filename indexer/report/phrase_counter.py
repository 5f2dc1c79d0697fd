"""Counting phrases in bounded memory: the frequent ones are kept, with how far a count may be off.

Of the family of Misra-Gries and Space-Saving (Metwally et al., 2005): when there are too many
phrases, the rarer half is forgotten, and what comes after that may have been there before as often
as the most frequent phrase that was forgotten. A phrase that has been kept from its first post on,
as the frequent ones of a dump have, is counted exactly.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable

from indexer.report.record import PhraseCount, Phrases

_KEPT = 50_000
_LONGEST = 200


class PhraseCounter:
    """Keeps at most twice `kept` phrases, cut to 200 characters: some 20 MB.

    Of `N` phrases added, no count is further off than `N / kept`.
    """

    def __init__(self, kept: int = _KEPT) -> None:
        self._kept = kept
        self._counts: dict[str, int] = {}
        self._late: dict[str, int] = {}
        """How often those that were not there from the start may have been forgotten before."""
        self._forgotten = 0
        """No phrase that is not kept has been there more often."""

    def add(self, phrases: Iterable[str]) -> None:
        """Counts each once, as one post's are."""
        for phrase in {phrase[:_LONGEST] for phrase in phrases}:
            if phrase in self._counts:
                self._counts[phrase] += 1
                continue
            self._counts[phrase] = 1
            if self._forgotten:
                self._late[phrase] = self._forgotten
            if len(self._counts) > 2 * self._kept:
                self._forget()

    def most_frequent(self, number: int) -> Phrases:
        """The first so many, by what is certain of their counts, then by the alphabet."""
        ordered = sorted(self._counts, key=lambda phrase: (-self._counts[phrase], phrase))
        unlisted = max(map(self._most, ordered[number:]), default=0)
        return Phrases(
            listed=tuple(
                PhraseCount(
                    phrase=phrase,
                    posts=self._counts[phrase],
                    uncounted=self._late.get(phrase, 0),
                )
                for phrase in ordered[:number]
            ),
            unlisted_at_most=max(unlisted, self._forgotten),
        )

    def _most(self, phrase: str) -> int:
        return self._counts[phrase] + self._late.get(phrase, 0)

    def _forget(self) -> None:
        self._forgotten = heapq.nlargest(self._kept + 1, map(self._most, self._counts))[-1]
        self._counts = {
            phrase: count
            for phrase, count in self._counts.items()
            if self._most(phrase) > self._forgotten
        }
        self._late = {phrase: most for phrase, most in self._late.items() if phrase in self._counts}
