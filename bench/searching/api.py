"""What the HTTP API adds to the engine's time, and how it bears many clients at once."""

from __future__ import annotations

import http.client
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import cycle
from typing import Any
from urllib.parse import urlencode

import numpy as np

from bench.searching.latency import milliseconds, spread
from bench.searching.queries import Asked
from indexer.search import Index

CLIENTS = 32
_PROCESSES = 2
_ASKED = 400
"""Queries whose time is compared."""
_OK = 200


def measure_api(location: str, asked: Sequence[Asked], seconds: float) -> dict[str, Any]:
    """`overhead_p50_ms`, and the answers of `seconds` under load."""
    compared = asked[:_ASKED]
    with _served(location) as port, Index(location) as index:
        connection = _Connection(port)

        def directly(each: Asked) -> None:
            index.search(each.query, facets=True)

        def by_http(each: Asked) -> None:
            if connection.get(_search(each)) != _OK:
                raise RuntimeError(f"the API refused {each.query}")

        for ask in (directly, by_http):
            milliseconds(ask, compared[:20])
        # In turn, so that both meet the machine in the same state.
        taken = [
            (milliseconds(directly, [each]), milliseconds(by_http, [each])) for each in compared
        ]
        direct, served = (np.concatenate(each).tolist() for each in zip(*taken, strict=True))
        return {
            "overhead_p50_ms": float(np.median(np.subtract(served, direct))),
            "directly_ms": spread(direct),
            "by_http_ms": spread(served),
            "load": _load(port, asked, seconds),
        }


@contextmanager
def _served(location: str) -> Iterator[int]:
    """The port of a server of its own."""
    command = [sys.executable, "-m", "keyphrases", "serve", "--index", location, "--port", "0"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        line = process.stdout.readline() if process.stdout is not None else ""
        port = int(line.split()[0].rpartition(":")[2])
        _wait_for_suggestions(port)
        yield port
    finally:
        process.terminate()
        process.wait()


def _wait_for_suggestions(port: int) -> None:
    """They are made when the server starts, and refused until then."""
    connection = _Connection(port)
    while connection.get("/api/suggest?q=a") != _OK:
        time.sleep(0.5)


class _Connection:
    """One that is kept."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def get(self, path: str) -> int:
        self._connection.request("GET", path)
        answer = self._connection.getresponse()
        answer.read()
        return answer.status


def _search(asked: Asked) -> str:
    return "/api/search?" + urlencode({"q": asked.query, "facets": "true"})


def _load(port: int, asked: Sequence[Asked], seconds: float) -> dict[str, Any]:
    paths = [_search(each) for each in asked]
    # One suggestion to four searches.
    paths = [
        path if place % 5 else f"/api/suggest?{urlencode({'q': asked[place].words[0][:3]})}"
        for place, path in enumerate(paths)
    ]
    each = CLIENTS // _PROCESSES
    with ProcessPoolExecutor(_PROCESSES) as pool:
        running = [
            pool.submit(_clients, port, paths[number::_PROCESSES], each, seconds)
            for number in range(_PROCESSES)
        ]
        answers = [answer for one in running for answer in one.result()]
    statuses: dict[str, int] = {}
    for status, _ in answers:
        statuses[str(status)] = statuses.get(str(status), 0) + 1
    return {
        "clients": CLIENTS,
        "seconds": seconds,
        "answers_per_second": len(answers) / seconds,
        "errors": sum(count for status, count in statuses.items() if status != str(_OK)),
        "statuses": statuses,
        "answer_ms": spread([taken for _, taken in answers]),
    }


def _clients(
    port: int, paths: Sequence[str], clients: int, seconds: float
) -> list[tuple[int, float]]:
    """Status (0: none) and milliseconds of every answer."""
    end = time.monotonic() + seconds

    def client(number: int) -> list[tuple[int, float]]:
        connection, answers = _Connection(port), []
        for path in cycle(paths[number:] + paths[:number]):
            if time.monotonic() >= end:
                break
            begun = time.perf_counter()
            try:
                status = connection.get(path)
            except OSError:
                status, connection = 0, _Connection(port)
            answers.append((status, (time.perf_counter() - begun) * 1000))
        return answers

    with ThreadPoolExecutor(clients) as pool:
        return [answer for one in pool.map(client, range(clients)) for answer in one]
