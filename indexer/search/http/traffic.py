"""A line of JSON in the log and a count for every request; nothing that it asked or who asked it.

{"time":"2026-11-26T10:13:31.466+00:00","method":"GET","route":"/api/search","status":200,"ms":3.4}
"""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from indexer.search.http.metrics import Metrics
from indexer.search.http.refusals import refusal

LOG = "keyphrases.requests"
"""Name of the logger; its messages are JSON."""
_METHODS = ("GET", "HEAD", "POST", "DELETE", "OPTIONS", "PUT", "PATCH")
_OTHER = "other"


class TrafficMiddleware:
    """Notes every request, and answers in the place of code that fails."""

    def __init__(self, app: ASGIApp, metrics: Metrics, routes: Collection[str]) -> None:
        """`routes`: paths that are known, none of which has parameters in it."""
        self._app = app
        self._metrics = metrics
        self._routes = frozenset(routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()
        status: int | None = None
        failure: str | None = None

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with self._metrics.in_progress.track_inprogress():
            try:
                await self._app(scope, receive, noted)
            except Exception as error:  # noqa: BLE001  # Nobody sees a traceback, whatever fails.
                failure = told(error)
                if status is None:
                    message = "the server has failed in a way that it should not; see its log"
                    await refusal(500, message)(scope, receive, noted)
            finally:
                seconds = time.perf_counter() - begun
                self._note(scope, status or 500, seconds, failure)

    def _note(self, scope: Scope, status: int, seconds: float, failure: str | None) -> None:
        route, method = self._route(scope["path"]), scope["method"]
        self._metrics.note(route, status, seconds)
        log(
            {
                "method": method if method in _METHODS else _OTHER,
                "route": route,
                "status": status,
                "ms": round(seconds * 1000, 1),
            }
            | ({} if failure is None else {"error": failure})
        )

    def _route(self, path: str) -> str:
        if path in self._routes:
            return path
        return "/static" if path.startswith("/static/") else _OTHER


def log(line: dict[str, Any]) -> None:
    """A line in the log, with the time."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    logging.getLogger(LOG).info(orjson.dumps({"time": now, **line}).decode())


def told(error: Exception) -> str:
    """What failed and where; never its message, which may have what somebody asked in it."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"
