"""What an index can do, whichever engine it has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from indexer.index.reader import Reader
from indexer.index.records import (
    Build,
    DeadHeld,
    DeadLetter,
    Document,
    DocumentUpdate,
    Held,
    IndexVersion,
    Survey,
)


class Ledger(Protocol):
    """The part of an index that a run asks before it spends inference on a post."""

    def held(self, ids: Sequence[str]) -> Mapping[str, Held]:
        """Hashes of those ids that the index holds; realtime, never a search."""
        ...

    def dead(self, keys: Sequence[str]) -> Mapping[str, DeadHeld]:
        """Those of the keys that have a dead letter."""
        ...


class Index(Ledger, Protocol):
    """A named index: versions of documents, one of them live, and dead letters beside them.

    Opening one does not touch the server. Every method raises `InputError` where user or
    surroundings are at fault before a run (unreachable, refused, not an index of ours), and
    `JobError` when the engine goes down for good during one, after retries with backoff.
    """

    location: str
    """As the user wrote it, without secrets."""
    shareable: bool
    """A pickled copy works in any worker, with the version that `begin` chose; otherwise all go
    through the one process that has it."""
    writes_at_once: int
    """Calls of `write` that it takes at the same time, from threads; more would not be faster."""

    @property
    def reader(self) -> Reader:
        """Reads the live version, whatever version this run writes to."""
        ...

    def check(self) -> None:
        """Reachable, permitted and writable? Takes seconds at most, changes nothing."""
        ...

    def lock(self, run: str) -> AbstractContextManager[None]:
        """Held for a run; a second one raises `InputError` that names the run that holds it.
        A run that died does not hold it for longer than a minute."""
        ...

    def live(self) -> Build | None:
        """What the live version was built with, or None if there is no index yet."""
        ...

    def begin(self, build: Build, *, rebuild: bool = False) -> None:
        """Chooses the version that this run writes to and asks.

        None yet: a first version, live from the start. The live one, if its model digest is the
        build's. Another digest: `InputError` that names both models and `--rebuild`. With
        `rebuild`: a new version beside the live one, or one with the same digest that never was
        live.
        """
        ...

    def write(
        self,
        documents: Sequence[Document] = (),
        updates: Sequence[DocumentUpdate] = (),
        letters: Sequence[DeadLetter] = (),
    ) -> Mapping[str, str]:
        """Writes durably; ids or keys that the engine refused for good, with the reason."""
        ...

    def ids(self) -> Iterator[Sequence[str]]:
        """Of all documents of the run's version, some at a time; nothing is written meanwhile."""
        ...

    def remove(self, ids: Sequence[str]) -> None:
        """Removes documents from the run's version; their dead letters stay."""
        ...

    def take_down(self, letters: Sequence[DeadLetter]) -> int:
        """Writes the letters and removes their documents from all versions, so that no way back
        leads to them; how many of them the live version had. For whoever holds the lock."""
        ...

    def finish(self) -> None:
        """Notes that all of a dump is in the version of this run."""
        ...

    def survey_live(self, *, phrases: int) -> Survey:
        """Of the live version; its queries are so many of its most frequent keyphrases."""
        ...

    def survey_own(self, words: Sequence[str]) -> Survey:
        """Of the version of this run, with these queries."""
        ...

    def promote(self) -> None:
        """Makes the version of this run the live one, in one atomic step; searchable at once."""
        ...

    def versions(self) -> list[IndexVersion]:
        """All versions, the oldest first."""
        ...

    def promote_version(self, number: int) -> None:
        """Makes that version the live one; `InputError` if there is none or it is unfinished."""
        ...

    def roll_back(self) -> int:
        """Makes the version live that was so before the live one, and gives its number;
        `InputError` if there is none."""
        ...

    def prune(self, *, keep: int, unpromoted: bool = False) -> list[int]:
        """Removes all versions that were live but the `keep` youngest, and with `unpromoted`
        those that never were; their numbers. The live one stays."""
        ...

    def refresh(self) -> None:
        """Makes all writes visible to searches."""
        ...

    def count(self) -> int:
        """Documents in the version of this run or, without one, in the live version."""
        ...

    def close(self) -> None: ...
