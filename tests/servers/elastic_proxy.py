"""A proxy in front of an Elasticsearch, for what the server itself cannot be made to do."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import urllib3

Answer = tuple[int, dict[str, Any]]
"""Status and content."""
Forward = Callable[[bytes], Answer]
"""Sends a body to the server, by the method and to the path of the request."""
Handle = Callable[[str, str, bytes, Forward], Answer]
"""Method, path, body, and the way to the server, to what the client shall see. Called by several
threads."""

_PASSED = ("content-type", "accept", "authorization")


@contextmanager
def elastic_proxy(target: str, handle: Handle) -> Iterator[str]:
    """URL of a server that lets `handle` answer in the target's place."""
    pool = urllib3.PoolManager(maxsize=8)

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, content = handle(self.command, self.path, body, self.forward)
            data = b"" if self.command == "HEAD" else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("X-Elastic-Product", "Elasticsearch")
            self.send_header("Content-Type", "application/vnd.elasticsearch+json;compatible-with=8")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def forward(self, body: bytes) -> Answer:
            passed = {k: v for k, v in self.headers.items() if k.lower() in _PASSED}
            real = pool.request(self.command, target + self.path, body=body, headers=passed)
            return real.status, json.loads(real.data or b"{}")

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = answer  # noqa: N815 - http.server's names

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
