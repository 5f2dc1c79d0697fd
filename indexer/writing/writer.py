"""The writer: gathers outcomes, writes them to the index, and counts what was committed."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
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


@dataclass(frozen=True, kw_only=True)
class _Written:
    """What became of outcomes that were written together."""

    documents: Sequence[Document]
    """New ones that the index has taken."""
    updated: int
    unchanged: int
    dead: Sequence[DeadLetter]
    """With known ones, and with those of what the index refused."""


class Writer:
    """Not safe for threads; the run's loop has it, and calls `flush_if_due` when nothing comes.

    Where the index takes several writes at once they go on in threads, while further outcomes are
    gathered; what they wrote is counted as soon as the writer is called after that.
    """

    def __init__(
        self,
        index: Writes,
        tally: Tally,
        letters: DeadLetterFile,
        run: str,
        settings: WriteSettings = WriteSettings(),
        clock: Callable[[], float] = time.monotonic,
        sink: Sink | None = None,
        at_once: int = 1,
    ) -> None:
        """`at_once`: writes that the index takes at the same time."""
        self._index = index
        self._tally = tally
        self._letters = letters
        self._run = run
        self._settings = settings
        self._clock = clock
        self._sink = sink
        self._at_once = at_once
        self._threads = ThreadPoolExecutor(at_once, "write") if at_once > 1 else None
        self._under_way: deque[Future[_Written]] = deque()
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
        while self._under_way and self._under_way[0].done():
            self._count(self._under_way.popleft().result())
        if not self._gathered:
            return
        due = (
            sum(one.bytes for one in self._gathered) >= self._settings.bytes
            or sum(len(one) for one in self._gathered) >= self._settings.posts
            or self._clock() - self._since >= self._settings.seconds
        )
        if due:
            self._begin()

    def flush(self) -> None:
        """Writes whatever there is, and waits for it. What fails to be written is not counted.

        Whatever it raises, no write goes on after it: the lock may be given back then.
        """
        wait(self._under_way)
        if self._gathered:
            self._begin()
        wait(self._under_way)
        while self._under_way:
            self._count(self._under_way.popleft().result())

    def _begin(self) -> None:
        if len(self._under_way) == self._at_once:
            self._count(self._under_way.popleft().result())
        gathered, self._gathered = self._gathered, []
        if self._threads is None:
            self._count(self._write(gathered))
            return
        self._under_way.append(self._threads.submit(self._write, gathered))

    def _write(self, gathered: Sequence[Outcomes]) -> _Written:
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
        return _Written(
            documents=[each for each in documents if each.id not in lost],
            updated=sum(each.id not in lost for each in updates),
            unchanged=sum(one.unchanged for one in gathered),
            dead=[*letters, *(each for one in gathered for each in one.known_letters), *refused],
        )

    def _count(self, written: _Written) -> None:
        self._tally.generated += len(written.documents)
        self._tally.updated += written.updated
        self._tally.unchanged += written.unchanged
        self._tally.dead += len(written.dead)
        if self._sink is not None:
            self._sink.committed(written.documents, written.dead)
        self._letters.add(written.dead)
