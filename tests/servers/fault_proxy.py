"""An HTTP proxy before a real server that answers some requests as a bad day would.

with FaultProxy(server.endpoint, a_share(1 / 3, seed=0)) as proxy:
    ...  # a client of proxy.endpoint
assert proxy.counts[Fault.SLOW_DOWN]
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

_UPSTREAM_SECONDS = 60


class Fault(StrEnum):
    """What the proxy does in place of handing on."""

    SLOW_DOWN = "503 SlowDown"
    INTERNAL = "500 InternalError"
    DENIED = "403 AccessDenied"
    CUT = "the connection is cut before the answer"
    SILENT = "no answer comes"
    HALF = "the body breaks off half-way"
    HEAD_ONLY = "the body breaks off before its first byte"
    LOST = "the request is carried out and its answer lost"


ANY_TIME = (Fault.SLOW_DOWN, Fault.INTERNAL, Fault.DENIED, Fault.CUT)
"""What can befall every request, and is over at once."""
BROKEN_BODIES = (Fault.HALF, Fault.HEAD_ONLY)
"""For answers that have a body; others are cut instead."""

_ANSWERS = {
    Fault.SLOW_DOWN: (503, "SlowDown"),
    Fault.INTERNAL: (500, "InternalError"),
    Fault.DENIED: (403, "AccessDenied"),
}


@dataclass(frozen=True)
class Request:
    """As much of a request as a rule may go by."""

    method: str
    path: str
    """With its query, as it came."""


Rule = Callable[[Request], Fault | None]


def no_fault(_: Request) -> Fault | None:
    return None


def a_share(share: float, seed: int, faults: Sequence[Fault] | None = None) -> Rule:
    """A share of all requests, each with one of the faults or, if None, any that fits and is quick.

    Which of them, counted in the order in which they come, is the same for a seed.
    """
    chance, kind = random.Random(seed), random.Random(seed)
    lock = threading.Lock()

    def rule(request: Request) -> Fault | None:
        fitting = faults or ANY_TIME + {"GET": BROKEN_BODIES, "PUT": (Fault.LOST,)}.get(
            request.method, ()
        )
        with lock:
            return kind.choice(fitting) if chance.random() < share else None

    return rule


def the_first(count: int, fault: Fault, method: str = "", path: str = "") -> Rule:
    """The first requests of a method whose path has that part; a negative count means all."""
    left = count
    lock = threading.Lock()

    def rule(request: Request) -> Fault | None:
        nonlocal left
        with lock:
            if left == 0 or method not in ("", request.method) or path not in request.path:
                return None
            left -= 1
            return fault

    return rule


class FaultProxy:
    """Listens on a free port of the loopback as long as it is entered.

    All that is no fault passes as it came: the path, its escapes, the headers with the Host that
    the client has signed, ranges, bodies. `rule` may be changed at any time.
    """

    def __init__(self, server: str, rule: Rule = no_fault) -> None:
        """`server`: `http://host:port`."""
        self.rule = rule
        self.counts: Counter[Fault] = Counter()
        """Faults that have happened."""
        self.passed = 0
        """Requests that were handed on and answered in full."""
        self.lock = threading.Lock()
        self.over = threading.Event()
        upstream = urlsplit(server)
        self.upstream = (upstream.hostname or "", upstream.port or 80)
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"

    @property
    def faults(self) -> int:
        return self.counts.total()

    @property
    def fault_share(self) -> float:
        """Of all requests so far."""
        return self.faults / max(1, self.faults + self.passed)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    proxy: FaultProxy
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that has gone, which is nothing to tell."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _handle(self) -> None:
        body = self._request_body()
        proxy = self.server.proxy
        with proxy.lock:
            fault = proxy.rule(Request(self.command, self.path))
        if fault in _ANSWERS:
            self._count(fault)
            self._answer(*_ANSWERS[fault])
        elif fault is Fault.SILENT:
            self._count(fault)
            proxy.over.wait()
            self._cut()
        elif fault is Fault.CUT:
            self._count(fault)
            self._cut()
        else:
            self._hand_on(body, fault)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _handle  # noqa: N815 - http.server's names

    def _request_body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            pieces = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                pieces.append(self.rfile.read(size))
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            return b"".join(pieces)
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _hand_on(self, body: bytes, fault: Fault | None) -> None:
        upstream = HTTPConnection(*self.server.proxy.upstream, timeout=_UPSTREAM_SECONDS)
        try:
            chunked = "Transfer-Encoding" in self.headers
            upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                # The client was told to go on by this server, and is told so once.
                if name.lower() != "expect":
                    upstream.putheader(name, value)
            upstream.endheaders(body, encode_chunked=chunked)
            answer = upstream.getresponse()
            content = answer.read()
        finally:
            upstream.close()
        if fault is Fault.LOST or (fault in BROKEN_BODIES and not content):
            self._count(fault if fault is Fault.LOST else Fault.CUT)
            self._cut()
            return
        if fault not in BROKEN_BODIES:
            # Before the answer, for who has it may ask at once how many there were.
            with self.server.proxy.lock:
                self.server.proxy.passed += 1
        self._send_head(answer, content)
        if fault in BROKEN_BODIES:
            self._count(fault)
            self.wfile.write(content[: len(content) // 2] if fault is Fault.HALF else b"")
            self._cut()
            return
        self.wfile.write(content)

    def _send_head(self, answer: HTTPResponse, content: bytes) -> None:
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "connection"):
                self.send_header(name, value)
        is_chunked = "chunked" in answer.getheader("Transfer-Encoding", "")
        if is_chunked and self.command != "HEAD":
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()

    def _answer(self, status: int, code: str) -> None:
        body = (
            '<?xml version="1.0" encoding="UTF-8"?>'
            f"<Error><Code>{code}</Code><Message>injected</Message></Error>"
        ).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _cut(self) -> None:
        self.wfile.flush()
        self.close_connection = True

    def _count(self, fault: Fault) -> None:
        with self.server.proxy.lock:
            self.server.proxy.counts[fault] += 1

    def log_message(self, *args: object) -> None:
        pass
