"""Names and addresses of this machine that nobody else can reach it by."""

from __future__ import annotations

import ipaddress
import re

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^\[\]:/@\s]+)(?::\d*)?", re.IGNORECASE)


def is_loopback(host: str) -> bool:
    """Whether a server that listens there is reached from this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def names_on_loopback(host: str) -> frozenset[str]:
    """What a `Host` header calls a server that listens on this host of the loopback, by name."""
    return frozenset({"localhost", "127.0.0.1", "[::1]", in_url(host).lower()})


def name_of(header: str) -> str | None:
    """The name in a `Host` header, without its port; None: it is none."""
    found = _HOST.fullmatch(header)
    return None if found is None else found[1].lower()


def in_url(host: str) -> str:
    """A host as it stands in a URL."""
    return f"[{host}]" if ":" in host else host
