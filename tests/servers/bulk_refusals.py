"""A server that is too busy: it refuses items of bulk requests, and some requests as a whole."""

from __future__ import annotations

import itertools
import json
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.servers.elastic_proxy import Answer, Forward

_SHARE = 3
_TIMES = 2
_BUSY = {"type": "es_rejected_execution_exception", "reason": "the queue is full (a test)"}


@dataclass
class BulkRefusals:
    """To be given to `elastic_proxy`.

    Of the items of bulk requests every third is refused the first two times it comes, with 429,
    and never reaches the server. Of bulk requests and lookups two in seven are refused as a whole.
    """

    items: Counter[str] = field(default_factory=Counter)
    """How often each item was refused, by its header."""
    seen: set[str] = field(default_factory=set)
    """Headers of all items that came."""
    requests: Counter[int] = field(default_factory=Counter)
    """How many requests were refused as a whole, by status."""
    _turns: Any = field(
        default_factory=lambda: itertools.cycle([None, None, 429, None, None, 503, None])
    )
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, method: str, path: str, body: bytes, forward: Forward) -> Answer:
        bulk = path.startswith("/_bulk")
        if not (bulk or "/_mget" in path):
            return forward(body)
        with self._lock:
            status = next(self._turns)
            if status is not None:
                self.requests[status] += 1
                return status, {"error": _BUSY, "status": status}
            items = _items(body) if bulk else []
            refused = {n for n, lines in enumerate(items) if self._refuses(lines[0])}
        return _answered(items, refused, forward) if refused else forward(body)

    def _refuses(self, header: str) -> bool:
        new = header not in self.seen
        self.seen.add(header)
        if (new and len(self.seen) % _SHARE == 0) or 0 < self.items[header] < _TIMES:
            self.items[header] += 1
            return True
        return False


def _items(body: bytes) -> list[list[str]]:
    """The lines of each item: a header and, but for deletions, a document."""
    lines = iter(body.decode().strip("\n").split("\n"))
    return [[line] if _kind(line) == "delete" else [line, next(lines)] for line in lines]


def _kind(header: str) -> str:
    (kind,) = json.loads(header)
    return str(kind)


def _answered(items: list[list[str]], refused: set[int], forward: Forward) -> Answer:
    """The server's answer to the items that are left, with refusals where the others stood."""
    passed = [line for n, lines in enumerate(items) if n not in refused for line in lines]
    answers: list[dict[str, Any]] = []
    if passed:
        status, content = forward("".join(f"{line}\n" for line in passed).encode())
        if status != 200:
            return status, content
        answers = content["items"]
    real = iter(answers)
    return 200, {
        "items": [
            {_kind(lines[0]): {"status": 429, "error": _BUSY}} if n in refused else next(real)
            for n, lines in enumerate(items)
        ]
    }
