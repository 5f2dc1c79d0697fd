"""Who may ask: whoever has the key, or a session that was begun with it."""

from __future__ import annotations

import hmac
from collections.abc import Collection
from hashlib import sha256

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from indexer.search.http.hosts import name_of
from indexer.search.http.refusals import refusal
from indexer.search.http.sessions import Sessions

COOKIE = "keyphrases_session"
_OPEN = ("/", "/health", "/openapi.json", "/api/session")
"""What says nothing of the posts; a page must be there before anyone can give it a key."""


class ApiKey:
    """A key to be compared with, in a time that does not depend on what is alike."""

    def __init__(self, key: str) -> None:
        self._hash = _hash(key)

    def is_it(self, given: str) -> bool:
        return hmac.compare_digest(_hash(given), self._hash)


class AccessMiddleware:
    """Refuses requests without a key, where one is needed."""

    def __init__(self, app: ASGIApp, key: ApiKey | None, sessions: Sessions) -> None:
        self._app = app
        self._key = key
        self._sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._may(HTTPConnection(scope)):
            refused = refusal(
                401,
                "this needs the API key, as Authorization: Bearer KEY or X-API-Key: KEY",
                headers={"WWW-Authenticate": "Bearer"},
            )
            await refused(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _may(self, request: HTTPConnection) -> bool:
        path = request.scope["path"]
        if self._key is None or path in _OPEN or path.startswith("/static/"):
            return True
        given = given_key(request.headers)
        if given is not None:
            return self._key.is_it(given)
        token = request.cookies.get(COOKIE)
        return token is not None and self._sessions.lives(token)


class HostMiddleware:
    """Refuses requests that call this server by a name which is not its own."""

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        self._app = app
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            name = name_of(Headers(scope=scope).get("host", ""))
            if name not in self._hosts:
                message = "this server is not known by that name; set KEYPHRASES_API_KEY to use any"
                await refusal(421, message)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def given_key(headers: Headers) -> str | None:
    """The key that a request brings, right or wrong."""
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip()
    return headers.get("x-api-key")


def _hash(key: str) -> bytes:
    # Of one length, so that nothing tells how long the key is.
    return sha256(key.encode("utf-8", "surrogatepass")).digest()
