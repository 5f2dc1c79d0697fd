"""Ports for servers that are told which one to take."""

from __future__ import annotations

import random
import socket

_FIRST, _LAST = 20_000, 32_000
"""Above those that Ray gives its workers, and below those that the system gives to whoever asks for
any: so nobody else takes one between the look and the start of the server."""


def free_ports(count: int) -> list[int]:
    """Different ones that nobody has on the loopback."""
    found: set[int] = set()
    while len(found) < count:
        port = random.randint(_FIRST, _LAST)
        if port not in found and _is_free(port):
            found.add(port)
    return list(found)


def free_port() -> int:
    return free_ports(1)[0]


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
