"""Listening and serving until a signal says to stop."""

from __future__ import annotations

import errno
import logging
import signal
import socket
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from posts.errors import InputError

_MOST_CONNECTIONS = 1_000
LEAVING_SECONDS = 15
"""For which requests that have begun may go on when the server is told to stop."""


def listen(host: str, port: int) -> socket.socket:
    """A bound socket, for `port` 0 at any that is free; `InputError` if it cannot be."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        listener = socket.create_server(address[:2], family=family)
        # Else the end of an answer waits 40 ms for the client's word that its head has come.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except (OSError, UnicodeError) as error:
        raise InputError(_told(error, host, port)) from error


def make_server(app: ASGIApp) -> uvicorn.Server:
    """Set up alike whatever else is installed, and without a log of who asked what."""
    # Not even where somebody logs all that there is to be logged.
    logging.getLogger("uvicorn.access").disabled = True
    return uvicorn.Server(
        uvicorn.Config(
            app,
            http="h11",
            loop="asyncio",
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            limit_concurrency=_MOST_CONNECTIONS,
            timeout_graceful_shutdown=LEAVING_SECONDS,
        )
    )


def serve(app: ASGIApp, listener: socket.socket) -> None:
    """Returns after SIGTERM or SIGINT, when what had begun is answered."""
    server = make_server(app)

    def stop(_number: int, _frame: FrameType | None) -> None:
        server.should_exit = True

    # The server has handlers of its own while it runs, and then raises the signal again for these.
    before = {each: signal.signal(each, stop) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        server.run(sockets=[listener])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _told(error: OSError | UnicodeError, host: str, port: int) -> str:
    code = getattr(error, "errno", None)
    if code == errno.EADDRINUSE:
        return f"port {port} of {host} is in use; choose another with --port"
    if code in (errno.EACCES, errno.EPERM):
        return f"port {port} may not be used by this user; choose one above 1023 with --port"
    return f"{host!r} is not an address of this machine; choose another with --host"
