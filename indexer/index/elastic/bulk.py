"""Bulk writes whose every item's fate is read."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import orjson
from elasticsearch import ApiError

from indexer.index.elastic.server import Server, reason_of
from posts.errors import JobError

_CHUNK_BYTES = 5_000_000
_LONGEST_PAUSE = 20.0
_FATAL = (
    "cluster_block_exception",
    "index_closed_exception",
    "index_not_found_exception",
    "security_exception",
)
"""Errors of an item that are the index's fault, not the document's."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One item of a bulk request, already in the lines that are sent."""

    id: str
    lines: tuple[bytes, ...]

    @property
    def size(self) -> int:
        return sum(map(len, self.lines))


def operation(
    kind: Literal["index", "update", "delete"],
    index: str,
    id: str,
    body: Mapping[str, Any] | None = None,
) -> Operation:
    header: dict[str, Any] = {"_index": index, "_id": id}
    if kind == "update":
        # A request that timed out may still be at work when it is sent again.
        header["retry_on_conflict"] = 3
    lines: list[Mapping[str, Any]] = [{kind: header}] if body is None else [{kind: header}, body]
    return Operation(id, tuple(map(_encoded, lines)))


def _encoded(line: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(line)
    except TypeError:
        # Of whole numbers beyond 64 bits, which a post may well carry.
        return json.dumps(line, ensure_ascii=False).encode()


def write(server: Server, operations: Iterable[Operation]) -> dict[str, str]:
    """Sends all of them; ids that were refused for good, with the reason.

    Items that come back with 429 or a server's failure are sent again, with exponential backoff
    and full jitter, until the server's patience is at its end; then `JobError`.
    """
    refused: dict[str, str] = {}
    for chunk in _chunks(operations):
        refused |= _write_chunk(server, chunk)
    return refused


def _write_chunk(server: Server, pending: list[Operation]) -> dict[str, str]:
    refused: dict[str, str] = {}
    deadline, attempt = time.monotonic() + server.patience, 0
    while pending:
        again: list[Operation] = []
        reason = ""
        for item, answer in _send(server, pending):
            status, error = answer["status"], answer.get("error")
            if status == 429 or status >= 500:
                again.append(item)
                reason = f"HTTP {status}: {reason_of(error)}"
            elif error is not None and error.get("type") in _FATAL:
                raise JobError(
                    f"Elasticsearch at {server.url} does not take documents "
                    f"({reason_of(error)}); mend the index, then run again, which resumes"
                )
            elif error is not None:
                refused[item.id] = reason_of(error)
        if again:
            pause = random.uniform(0, min(_LONGEST_PAUSE, 0.5 * 2**attempt))
            if time.monotonic() + pause > deadline:
                raise JobError(
                    f"Elasticsearch at {server.url} has not taken {len(again)} documents for "
                    f"{server.patience:.0f} seconds ({reason}); see its load and disk, "
                    "then run again, which resumes"
                )
            time.sleep(pause)
            attempt += 1
        pending = again
    return refused


def _send(
    server: Server, pending: list[Operation]
) -> Iterator[tuple[Operation, Mapping[str, Any]]]:
    """Each operation with its own answer; halves a request that is refused as a whole."""
    lines = [line for item in pending for line in item.lines]

    def request(client: Any) -> Any:
        try:
            return client.bulk(operations=lines, filter_path="items.*.status,items.*.error")
        except ApiError as error:
            if error.meta.status not in (400, 413):
                raise
            return error

    answer = server.persistently(request)
    if not isinstance(answer, ApiError):
        for item, result in zip(pending, answer["items"], strict=True):
            yield item, next(iter(result.values()))
    elif len(pending) == 1:
        yield pending[0], {"status": answer.meta.status, "error": {"type": reason_of(answer.body)}}
    else:
        middle = len(pending) // 2
        yield from _send(server, pending[:middle])
        yield from _send(server, pending[middle:])


def _chunks(operations: Iterable[Operation]) -> Iterator[list[Operation]]:
    """Cut so that no chunk but one with a single item is larger than `_CHUNK_BYTES`."""
    chunk: list[Operation] = []
    size = 0
    for item in operations:
        if chunk and size + item.size > _CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
        chunk.append(item)
        size += item.size
    if chunk:
        yield chunk
