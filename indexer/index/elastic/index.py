"""The index on Elasticsearch: the protocol of an index over an alias and its versions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from elasticsearch import Elasticsearch

from indexer.index import lifecycle
from indexer.index.elastic import bulk
from indexer.index.elastic.access import check_access
from indexer.index.elastic.lock import IndexLock
from indexer.index.elastic.lookup import ask_at_once, ids_after, look_up
from indexer.index.elastic.operations import document_operations, letter_operations
from indexer.index.elastic.reader import ElasticReader
from indexer.index.elastic.search import Body, search
from indexer.index.elastic.server import Server
from indexer.index.elastic.templates import dead_index
from indexer.index.elastic.versions import Versions
from indexer.index.query import Query, Results
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
    dead_from_source,
    held_from_source,
    letter_key,
    storable_id,
)
from indexer.index.survey import frequent_phrases, survey
from posts.errors import JobError

_PATIENCE_SECONDS = 300.0
_LOOKUP = 1_000
"""Ids of one multi-get."""


class ElasticIndex:
    """See `indexer.index.protocol.Index`. Pickles with the version that `begin` has chosen."""

    shareable = True
    # As the client's own bulk helper.
    writes_at_once = 4

    def __init__(
        self, location: str, url: str, name: str, patience: float = _PATIENCE_SECONDS
    ) -> None:
        """`patience`: seconds for which a run tries again while the server is away."""
        self.location = location
        self._name = name
        self._server = Server(url, patience)
        self._version: int | None = None
        self._has_vectors = False
        self._lock: IndexLock | None = None

    def __getstate__(self) -> dict[str, Any]:
        server = Server(self._server.url, self._server.patience)
        return self.__dict__ | {"_server": server, "_lock": None}

    @property
    def reader(self) -> ElasticReader:
        return ElasticReader(self.location, self._server, self._name)

    def check(self) -> None:
        with self._server.as_input_error():
            check_access(self._server.at_first, self._server.url, self._name)
            self._versions(self._server.at_first).live()

    @contextmanager
    def lock(self, run: str) -> Iterator[None]:
        with IndexLock(self._server, self._name, run).hold() as self._lock:
            try:
                yield
            finally:
                self._lock = None

    def live(self) -> Build | None:
        with self._server.as_input_error():
            versions = self._versions(self._server.at_first)
            version = versions.live()
            return None if version is None else versions.build(version)

    def begin(self, build: Build, *, rebuild: bool = False) -> None:
        with self._server.as_input_error():
            versions = self._versions(self._server.client)
            self._version = lifecycle.begin(versions, self.location, build, rebuild=rebuild)
            self._has_vectors = versions.build(self._version).dimensions > 0

    def held(self, ids: Sequence[str]) -> Mapping[str, Held]:
        fields = ["generation_hash", "document_hash"]
        version = self._asked()
        if version is None:
            return {}
        found = self._sources(version, [id for id in ids if storable_id(id)], fields)
        if found is None:
            raise JobError(
                f"Elasticsearch at {self._server.url} does not have the index {version} any more; "
                "find out who deleted it, then run again, which fills a new one"
            )
        return {id: held_from_source(source) for id, source in found.items()}

    def dead(self, keys: Sequence[str]) -> Mapping[str, DeadHeld]:
        fields = ["generation_hash", "reason", "detail", "transient"]
        stored = {letter_key(key): key for key in keys}
        # An index of dead letters comes with the first letter if someone deleted it.
        found = self._sources(dead_index(self._name), list(stored), fields) or {}
        return {stored[key]: dead_from_source(source) for key, source in found.items()}

    def write(
        self,
        documents: Sequence[Document] = (),
        updates: Sequence[DocumentUpdate] = (),
        letters: Sequence[DeadLetter] = (),
    ) -> Mapping[str, str]:
        self._check_lock()
        version, dead = self._chosen(), dead_index(self._name)
        operations, refused = document_operations(
            version, documents, updates, vectors=self._has_vectors
        )
        written: list[Document | DocumentUpdate] = [*documents, *updates]
        cleared = [
            bulk.operation("delete", dead, letter_key(each.id)) for each in written if each.was_dead
        ]
        replaced = [
            bulk.operation("delete", version, letter.id)
            for letter in letters
            if letter.replaces and storable_id(letter.id)
        ]
        added = letter_operations(dead, letters)
        # Removals come first: a crash between the steps leaves posts that the next run finds
        # nowhere and does again, never a document and a dead letter of the same post.
        for step in (cleared, [*replaced, *operations], added):
            refused |= bulk.write(self._server, step)
        return refused

    def ids(self) -> Iterator[Sequence[str]]:
        self.refresh()
        version, after = self._chosen(), ""
        while page := self._server.persistently(partial(ids_after, index=version, after=after)):
            yield page
            after = page[-1]

    def remove(self, ids: Sequence[str]) -> None:
        self._check_lock()
        version = self._chosen()
        self._write_all([bulk.operation("delete", version, id) for id in ids])

    def take_down(self, letters: Sequence[DeadLetter]) -> int:
        ids = [letter.id for letter in letters if storable_id(letter.id)]
        live = len(self.held(ids))
        # Letters come first: after a crash between the steps no run brings the posts back.
        self._write_all(letter_operations(dead_index(self._name), letters))
        indices = self._server.persistently(self._indices)
        for index in indices:
            self._write_all([bulk.operation("delete", index, id) for id in ids])
        self._server.persistently(lambda client: client.indices.refresh(index=indices))
        return live

    def finish(self) -> None:
        number = self._begun()
        self._server.persistently(lambda client: lifecycle.finish(self._versions(client), number))

    def survey_live(self, *, phrases: int) -> Survey:
        number = self._server.persistently(lambda client: self._versions(client).live())
        if number is None:
            return Survey(documents=0, without_keyphrases=0, totals={})
        index = self._versions(self._server.client).index(number)
        words = frequent_phrases(partial(self._search_version, index), phrases)
        return self._survey(index, words)

    def survey_own(self, words: Sequence[str]) -> Survey:
        return self._survey(self._chosen(), words)

    def promote(self) -> None:
        self._check_lock()
        number = self._begun()
        self._server.persistently(lambda client: lifecycle.promote(self._versions(client), number))

    def versions(self) -> list[IndexVersion]:
        with self._server.as_input_error():
            return lifecycle.versions(self._versions(self._server.client))

    def promote_version(self, number: int) -> None:
        with self._server.as_input_error():
            versions = self._versions(self._server.client)
            lifecycle.promote(versions, lifecycle.finished(versions, number))

    def roll_back(self) -> int:
        with self._server.as_input_error():
            versions = self._versions(self._server.client)
            number = lifecycle.way_back(versions)
            lifecycle.promote(versions, number)
            return number

    def prune(self, *, keep: int, unpromoted: bool = False) -> list[int]:
        with self._server.as_input_error():
            versions = self._versions(self._server.client)
            return lifecycle.prune(versions, keep=keep, unpromoted=unpromoted)

    def refresh(self) -> None:
        version = self._chosen()
        self._server.persistently(lambda client: client.indices.refresh(index=version))

    def count(self) -> int:
        version = self._asked()
        if version is None:
            return 0

        def refreshed(client: Elasticsearch) -> int:
            client.indices.refresh(index=version)
            return int(client.count(index=version)["count"])

        return self._server.persistently(refreshed)

    def close(self) -> None:
        self._server.client.close()
        self._server = Server(self._server.url, self._server.patience)
        self._version = None

    def _sources(
        self, index: str, ids: list[str], fields: list[str]
    ) -> dict[str, dict[str, Any]] | None:
        """Fields of those documents that are there, by a realtime multi-get; None: no index."""
        found: dict[str, dict[str, Any]] = {}
        for start in range(0, len(ids), _LOOKUP):
            chunk = ids[start : start + _LOOKUP]
            answers = self._server.persistently(
                lambda client, chunk=chunk: look_up(client, index, chunk, fields)  # type: ignore[misc]
            )
            if answers is None:
                return None
            found |= {each["_id"]: each["_source"] for each in answers if each["found"]}
        return found

    def _versions(self, client: Elasticsearch) -> Versions:
        return Versions(client, self._name)

    def _write_all(self, operations: list[bulk.Operation]) -> None:
        """For what must not be left undone: `JobError` if the server refuses any."""
        if refused := bulk.write(self._server, operations):
            raise JobError(
                f"Elasticsearch at {self._server.url} refused {len(refused):,} of "
                f"{len(operations):,} writes ({next(iter(refused.values()))}); "
                "mend the index, then run the same again"
            )

    def _survey(self, index: str, words: Sequence[str]) -> Survey:
        self._server.persistently(lambda client: client.indices.refresh(index=index))
        any_phrase = {"exists": {"field": "keyphrases"}}
        count = self._server.persistently(
            lambda client: client.count(index=index, query=any_phrase)["count"]
        )
        return survey(partial(self._search_version, index), int(count), words)

    def _search_version(self, index: str, query: Query) -> Results:
        def ask(bodies: list[Body]) -> list[Any]:
            return self._server.persistently(lambda client: ask_at_once(client, index, bodies))

        return search(ask, query)

    def _indices(self, client: Elasticsearch) -> list[str]:
        """Those of all versions."""
        versions = self._versions(client)
        return [versions.index(number) for number in versions.numbers()]

    def _asked(self) -> str | None:
        """The index of this run's version or, without one, of the live version."""
        number = self._version
        if number is None:
            number = self._server.persistently(lambda client: self._versions(client).live())
        return None if number is None else self._versions(self._server.client).index(number)

    def _begun(self) -> int:
        if self._version is None:
            raise RuntimeError("begin() must choose a version before anything is written")
        return self._version

    def _chosen(self) -> str:
        return self._versions(self._server.client).index(self._begun())

    def _check_lock(self) -> None:
        if self._lock is not None:
            self._lock.check()
