"""What the HTTP API adds to the engine's time, and how it bears many clients at once."""

from __future__ import annotations

import re
import socket
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
    """One that is kept, and as light as a client can be, for its own time counts too."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None

    def get(self, path: str) -> int:
        """The status of an answer that has been read to its end; OSError if there is none."""
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=60)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            return self._ask(self._socket, path)
        except OSError:
            self._socket.close()
            self._socket = None
            raise

    @staticmethod
    def _ask(connection: socket.socket, path: str) -> int:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        read = _some(connection)
        while b"\r\n\r\n" not in read:
            read += _some(connection)
        head, _, content = read.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        if length is None:
            raise ConnectionError("an answer of unknown length")
        left = int(length[1]) - len(content)
        while left > 0:
            left -= len(_some(connection))
        return int(head.split(b" ", 2)[1])


def _some(connection: socket.socket) -> bytes:
    read = connection.recv(1 << 18)
    if not read:
        raise ConnectionError("the server has closed the connection")
    return read


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
                status = 0
            answers.append((status, (time.perf_counter() - begun) * 1000))
        return answers

    with ThreadPoolExecutor(clients) as pool:
        return [answer for one in pool.map(client, range(clients)) for answer in one]
