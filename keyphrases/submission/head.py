"""The head of a cluster: where its job server answers."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from posts.errors import InputError

VARIABLE = "RAY_API_SERVER_ADDRESS"
"""Environment variable: see `--address`. Ray's own name for it."""

_PRIVATE_ENDINGS = (".svc", ".local", ".internal", ".localhost")


def head_url(address: str | None) -> str:
    """http(s)://HOST:PORT, without a slash at its end; InputError for anything else."""
    if not address:
        raise InputError(f"no cluster is named; give --address http://HEAD:8265, or set {VARIABLE}")
    try:
        url = urlsplit(address)
        has_host = bool(url.hostname) and url.port != 0
    except ValueError:
        has_host = False
    if not has_host or url.scheme not in ("http", "https"):
        raise InputError("--address must be the URL of a Ray head, such as http://HEAD:8265")
    if url.username is not None or url.query or url.fragment:
        raise InputError(
            "--address must be a URL without a user, password or query; a token comes from "
            "RAY_AUTH_TOKEN or RAY_AUTH_TOKEN_PATH"
        )
    return f"{url.scheme}://{url.netloc}{url.path.rstrip('/')}"


def shows_token(url: str) -> bool:
    """Whether what is sent there may be read on its way: no TLS, and a host of the open net.

    Heads inside Kubernetes and private nets answer on plain http alone, so they are not told of.
    """
    parts = urlsplit(url)
    return parts.scheme == "http" and not _is_private(parts.hostname or "")


def _is_private(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith(_PRIVATE_ENDINGS)
