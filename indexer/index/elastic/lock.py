"""The lock of an index on Elasticsearch: a document with a heartbeat, judged by the server's clock.

Taking, renewing and giving back are scripted updates, each atomic on the server, so clocks of
different machines never meet.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from elastic_transport import TransportError
from elasticsearch import ApiError, BadRequestError, ConflictError, Elasticsearch

from indexer.index.elastic.server import Server
from indexer.index.elastic.templates import locks_body
from posts.errors import InputError, JobError

LOCKS = "keyphrases-locks"

_EXPIRY_SECONDS = 60
_HEARTBEAT_SECONDS = 15.0
_TAKE = """
boolean free = ctx._source.token == null || ctx._source.token == params.token
    || ctx._now - ctx._source.at > params.expiry;
if (free) {
  ctx._source.token = params.token;
  ctx._source.run = params.run;
  ctx._source.at = ctx._now;
} else {
  ctx.op = 'none';
}
"""
_GIVE_BACK = "ctx.op = ctx._source.token == params.token ? 'delete' : 'none';"

_log = logging.getLogger(__name__)


class IndexLock:
    """One holder's lock on one index name."""

    def __init__(self, server: Server, name: str, run: str) -> None:
        self._server = server
        self._name = name
        self._params = {"run": run, "token": uuid.uuid4().hex, "expiry": _EXPIRY_SECONDS * 1000}
        self._ended = threading.Event()
        self._lost = False

    @contextmanager
    def hold(self) -> Iterator[IndexLock]:
        """`InputError` that names the holder if there is another, `JobError` if it was lost."""
        with self._server.as_input_error():
            self._create_index()
            holder = self._take(self._server.at_first)
        if holder is not None:
            raise InputError(
                f"run {holder} is writing to the index {self._name}; wait until it has ended "
                f"(if it died, {_EXPIRY_SECONDS} seconds)"
            )
        heart = threading.Thread(target=self._beat, name="index-lock", daemon=True)
        heart.start()
        try:
            yield self
            self.check()
        finally:
            self._ended.set()
            heart.join()
            self._give_back()

    def check(self) -> None:
        """`JobError` if another run has the lock by now."""
        if self._lost:
            raise JobError(
                f"another run took the index {self._name} over, because this one did not reach "
                f"Elasticsearch for {_EXPIRY_SECONDS} seconds; run again when that one has ended"
            )

    def _take(self, client: Elasticsearch) -> str | None:
        """Takes or renews the lock; the run that holds it if that is another."""
        try:
            answer = client.update(
                index=LOCKS,
                id=self._name,
                script={"lang": "painless", "source": _TAKE, "params": self._params},
                scripted_upsert=True,
                upsert={},
                source=True,
                # Others may take it in the same moment: the script then sees which of them has it.
                retry_on_conflict=10,
            )
        except ConflictError:
            return "of unknown name"
        if answer["result"] != "noop":
            return None
        return str(answer["get"]["_source"]["run"])

    def _beat(self) -> None:
        while not self._ended.wait(_HEARTBEAT_SECONDS):
            try:
                self._lost = self._take(self._server.impatient) is not None
            except (ApiError, TransportError) as error:
                _log.warning("the lock on index %s could not be renewed: %s", self._name, error)
            if self._lost:
                return

    def _give_back(self) -> None:
        # An expired lock does no harm, so a server that is gone by now is no error.
        with suppress(ApiError, TransportError):
            self._server.impatient.update(
                index=LOCKS,
                id=self._name,
                script={"lang": "painless", "source": _GIVE_BACK, "params": self._params},
            )

    def _create_index(self) -> None:
        client = self._server.at_first
        if client.indices.exists(index=LOCKS):
            return
        try:
            client.indices.create(index=LOCKS, **locks_body(), wait_for_active_shards=1)
        except BadRequestError as error:
            if error.error != "resource_already_exists_exception":
                raise
