"""The writer: gathers outcomes, writes them to the index, and counts what was committed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from indexer.index.records import DeadLetter, Document, DocumentUpdate
from indexer.progress.tally import Tally
from indexer.writing.dead_letters import DeadLetterFile
from indexer.writing.outcomes import Outcomes, refused_letter


@dataclass(frozen=True, kw_only=True)
class WriteSettings:
    """When what was gathered is written."""

    bytes: int = 5_000_000
    """As soon as there is this much; Elasticsearch likes 5 to 10 MB."""
    posts: int = 20_000
    """As soon as there are this many."""
    seconds: float = 10.0
    """When the oldest is this old: with a slow model, 5 MB are hours of work to lose."""


class Writes(Protocol):
    """The part of `indexer.index.protocol.Index` that a writer needs."""

    def write(
        self,
        documents: Sequence[Document] = (),
        updates: Sequence[DocumentUpdate] = (),
        letters: Sequence[DeadLetter] = (),
    ) -> Mapping[str, str]: ...


class Sink(Protocol):
    """Is told what became of posts, for the run's report."""

    def committed(self, documents: Sequence[Document], letters: Sequence[DeadLetter]) -> None:
        """New documents that the index has taken, and dead letters, with known ones."""
        ...


class Writer:
    """Not safe for threads; the run's loop has it, and calls `flush_if_due` when nothing comes."""

    def __init__(
        self,
        index: Writes,
        tally: Tally,
        letters: DeadLetterFile,
        run: str,
        settings: WriteSettings = WriteSettings(),
        clock: Callable[[], float] = time.monotonic,
        sink: Sink | None = None,
    ) -> None:
        self._index = index
        self._tally = tally
        self._letters = letters
        self._run = run
        self._settings = settings
        self._clock = clock
        self._sink = sink
        self._gathered: list[Outcomes] = []
        self._since = 0.0

    def add(self, outcomes: Outcomes) -> None:
        """Takes outcomes in; writes if that makes enough of them."""
        if not self._gathered:
            self._since = self._clock()
        self._gathered.append(outcomes)
        self.flush_if_due()

    def flush_if_due(self) -> None:
        """Writes if there is enough or if it is old enough."""
        if not self._gathered:
            return
        due = (
            sum(one.bytes for one in self._gathered) >= self._settings.bytes
            or sum(len(one) for one in self._gathered) >= self._settings.posts
            or self._clock() - self._since >= self._settings.seconds
        )
        if due:
            self.flush()

    def flush(self) -> None:
        """Writes whatever there is. What fails to be written is not counted."""
        gathered, self._gathered = self._gathered, []
        documents = [each for one in gathered for each in one.documents]
        updates = [each for one in gathered for each in one.updates]
        letters = [each for one in gathered for each in one.letters]
        refused: list[DeadLetter] = []
        if documents or updates or letters:
            why = self._index.write(documents, updates, letters)
            written: list[Document | DocumentUpdate] = [*documents, *updates]
            sources = {key: source for one in gathered for key, source in one.sources.items()}
            refused = [
                refused_letter(each, sources[each.id], why[each.id], self._run)
                for each in written
                if each.id in why
            ]
        if refused:
            self._index.write(letters=refused)
        lost = {letter.key for letter in refused}
        taken = [each for each in documents if each.id not in lost]
        self._tally.generated += len(taken)
        self._tally.updated += sum(each.id not in lost for each in updates)
        self._tally.unchanged += sum(one.unchanged for one in gathered)
        dead = [*letters, *(each for one in gathered for each in one.known_letters), *refused]
        self._tally.dead += len(dead)
        if self._sink is not None:
            self._sink.committed(taken, dead)
        self._letters.add(dead)
