"""How the server is to behave."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from posts.errors import InputError

SHORTEST_KEY = 16
"""Characters of a key; whoever has fewer can be guessed."""
_KEY = re.compile(r"[!-~]+")
"""Printable ASCII without spaces: what every client can put into a header."""
_ORIGIN = re.compile(r"https?://(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:\d{1,5})?")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """`InputError` where a key or an origin cannot be one."""

    api_key: str | None = field(default=None, repr=False)
    """What every request but a few must bring; None: everybody may ask."""
    hosts: frozenset[str] | None = None
    """Names by which a request may call this server; None: by any.

    Without a key this is what keeps a foreign page from asking: its name may be made to lead here,
    but then that is the name which its requests call.
    """
    origins: tuple[str, ...] = ()
    """Other origins whose pages may read answers, like https://portal.example.com."""
    threads: int = 8
    """Questions that the index is asked at the same time."""
    waiting: int = 64
    """Questions that may wait for that; more are refused."""
    seconds: float = 10.0
    """After which a request is given up, those of waiting among them."""

    def __post_init__(self) -> None:
        if self.api_key is not None and not (
            _KEY.fullmatch(self.api_key) and len(self.api_key) >= SHORTEST_KEY
        ):
            raise InputError(
                f"an API key has at least {SHORTEST_KEY} letters, digits or signs, without spaces; "
                "set KEYPHRASES_API_KEY to one, for example what `openssl rand -hex 32` prints"
            )
        for origin in self.origins:
            if not _ORIGIN.fullmatch(origin):
                raise InputError(
                    f"{origin!r} is not an origin; write it like https://portal.example.com"
                )
