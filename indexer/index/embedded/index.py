"""The embedded index: the protocol of an index over a folder of tantivy tables."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

from indexer.index import lifecycle
from indexer.index.embedded.columns.upkeep import forget, renew
from indexer.index.embedded.failures import as_job_error
from indexer.index.embedded.reader import EmbeddedReader
from indexer.index.embedded.rows import document_row, letter_row, letters_schema
from indexer.index.embedded.search import search, with_keyphrases
from indexer.index.embedded.table import Table
from indexer.index.embedded.versions import VersionsFolder
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
from indexer.index.stored import (
    UnstorableError,
    dead_from_source,
    document_source,
    held_from_source,
    letter_key,
    letter_source,
    storable_id,
    update_source,
)
from indexer.index.survey import frequent_phrases, survey
from indexer.index.vectors import encoded_vectors
from posts.errors import KeyphraseError

_log = logging.getLogger(__name__)


class EmbeddedIndex:
    """See `indexer.index.protocol.Index`. Only the process that holds the lock may write."""

    shareable = False
    writes_at_once = 1

    def __init__(self, location: str, path: Path) -> None:
        self.location = location
        self._folder = VersionsFolder(path)
        self._version: int | None = None
        self._documents: tuple[int, Table] | None = None
        self._dead: Table | None = None
        self.reader = EmbeddedReader(location, self._folder)

    def __reduce__(self) -> tuple[Any, ...]:
        return EmbeddedIndex, (self.location, self._folder.path)

    def check(self) -> None:
        self._folder.check()
        live = self._folder.live()
        if live is not None:
            self._folder.build(live)
            self._table(live)

    def lock(self, run: str) -> AbstractContextManager[None]:
        return self._folder.lock(run)

    def live(self) -> Build | None:
        version = self._folder.live()
        return None if version is None else self._folder.build(version)

    def begin(self, build: Build, *, rebuild: bool = False) -> None:
        before = self._folder.live()
        self._version = lifecycle.begin(self._folder, self.location, build, rebuild=rebuild)
        if self._version != before:
            # It may be what a removal that was killed has left, without its table.
            self._folder.table(self._version, create=True)

    def held(self, ids: Sequence[str]) -> Mapping[str, Held]:
        version = self._version if self._version is not None else self._folder.live()
        if version is None:
            return {}
        found = self._table(version).sources([id for id in ids if storable_id(id)])
        return {id: held_from_source(source) for id, source in found.items()}

    def dead(self, keys: Sequence[str]) -> Mapping[str, DeadHeld]:
        if self._dead is None and not self._folder.dead.exists():
            return {}
        stored = {letter_key(key): key for key in keys}
        found = self._letters().sources(list(stored))
        return {stored[key]: dead_from_source(source) for key, source in found.items()}

    def write(
        self,
        documents: Sequence[Document] = (),
        updates: Sequence[DocumentUpdate] = (),
        letters: Sequence[DeadLetter] = (),
    ) -> Mapping[str, str]:
        added, refused = self._rows(documents, updates)
        replaced = [letter.id for letter in letters if letter.replaces and storable_id(letter.id)]
        written: list[Document | DocumentUpdate] = [*documents, *updates]
        cleared = [letter_key(each.id) for each in written if each.was_dead]
        # Removals come first: a crash between the steps leaves posts that the next run finds
        # nowhere and does again, never a document and a dead letter of the same post.
        if cleared:
            self._letters().apply(cleared, {})
        if replaced or added:
            self._table(self._chosen()).apply(replaced, added)
        if letters:
            self._apply_letters(letters)
        return refused

    def ids(self) -> Iterator[Sequence[str]]:
        return self._table(self._chosen()).keys()

    def remove(self, ids: Sequence[str]) -> None:
        self._table(self._chosen()).apply(ids, {})

    def take_down(self, letters: Sequence[DeadLetter]) -> int:
        ids = [letter.id for letter in letters if storable_id(letter.id)]
        live = len(self.held(ids))
        # Letters come first: after a crash between the steps no run brings the posts back.
        self._apply_letters(letters)
        for number in self._folder.numbers():
            if self._folder.documents(number):
                self._table(number).apply(ids, {})
                forget(self._table(number))
                self._gather_vectors(number)
        searched = self._folder.live()
        if searched is not None:
            self._get_ready(searched)
        return live

    def finish(self) -> None:
        lifecycle.finish(self._folder, self._chosen())

    def survey_live(self, *, phrases: int) -> Survey:
        def surveyed(table: Table) -> Survey:
            return self._survey(table, frequent_phrases(partial(search, table), phrases))

        if self._folder.live() is None:
            return Survey(documents=0, without_keyphrases=0, totals={})
        return self.reader.ask(surveyed)

    def survey_own(self, words: Sequence[str]) -> Survey:
        return self._survey(self._table(self._chosen()), words)

    def promote(self) -> None:
        self._promote(self._chosen())

    def versions(self) -> list[IndexVersion]:
        return lifecycle.versions(self._folder)

    def promote_version(self, number: int) -> None:
        self._promote(lifecycle.finished(self._folder, number))

    def roll_back(self) -> int:
        number = lifecycle.way_back(self._folder)
        self._promote(number)
        return number

    def prune(self, *, keep: int, unpromoted: bool = False) -> list[int]:
        return lifecycle.prune(self._folder, keep=keep, unpromoted=unpromoted)

    def refresh(self) -> None:
        """What is committed is visible; arrays that make a large index faster are made here, and
        vectors made ready to be searched."""
        version = self._version if self._version is not None else self._folder.live()
        if version is not None:
            self._get_ready(version)

    def count(self) -> int:
        version = self._version if self._version is not None else self._folder.live()
        return 0 if version is None else self._table(version).count()

    def close(self) -> None:
        for table in (self._documents and self._documents[1], self._dead):
            if table is not None:
                table.close()
        self._documents = self._dead = self._version = None
        self.reader.close()

    def _promote(self, version: int) -> None:
        # What makes searches fast is there before the version is searched, not minutes after.
        self._get_ready(version)
        lifecycle.promote(self._folder, version)

    def _get_ready(self, version: int) -> None:
        table = self._table(version)
        # Merges that are still under way would change the state that both are made of.
        table.close()
        renew(table)
        self._gather_vectors(version)

    def _gather_vectors(self, version: int) -> None:
        dimensions = self._folder.build(version).dimensions
        if dimensions:
            # Imported late: who has no vectors need not wait for it.
            from indexer.index.embedded.spaces import make_spaces

            try:
                make_spaces(self._table(version), dimensions)
            except (OSError, KeyphraseError) as error:
                # The posts are committed, and the next run tries again.
                _log.warning("the vectors could not be gathered: %s", error)

    def _apply_letters(self, letters: Sequence[DeadLetter]) -> None:
        rows = {letter_key(each.key): letter_row(letter_source(each)) for each in letters}
        self._letters().apply([], rows)

    def _rows(
        self, documents: Sequence[Document], updates: Sequence[DocumentUpdate]
    ) -> tuple[dict[str, Mapping[str, Any]], dict[str, str]]:
        """Rows to be written by id, and ids that cannot be with the reason."""
        rows: dict[str, Mapping[str, Any]] = {}
        refused: dict[str, str] = {}
        vectors = self._folder.build(self._chosen()).dimensions > 0
        for document in documents:
            try:
                source = document_source(document)
                if vectors:
                    source |= encoded_vectors(document.vectors)
                rows[document.id] = document_row(source, vectors=vectors)
            except UnstorableError as error:
                refused[document.id] = str(error)
        before = self._table(self._chosen()).sources([update.id for update in updates])
        for update in updates:
            try:
                source = before[update.id] | update_source(update)
                rows[update.id] = document_row(source, vectors=vectors)
            except KeyError:
                refused[update.id] = "the document to be updated is not in the index"
            except UnstorableError as error:
                refused[update.id] = str(error)
        return rows, refused

    def _survey(self, table: Table, words: Sequence[str]) -> Survey:
        with as_job_error(self._folder.path):
            return survey(partial(search, table), with_keyphrases(table), words)

    def _chosen(self) -> int:
        if self._version is None:
            raise RuntimeError("begin() must choose a version before anything is written")
        return self._version

    def _table(self, version: int) -> Table:
        if self._documents is None or self._documents[0] != version:
            if self._documents is not None:
                self._documents[1].close()
            self._documents = version, self._folder.table(version)
        return self._documents[1]

    def _letters(self) -> Table:
        if self._dead is None:
            self._dead = Table(self._folder.dead, letters_schema(), create=True)
        return self._dead
