"""/health and /metrics: how the server is doing."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import orjson
from fastapi import APIRouter
from starlette.responses import Response

from indexer.search.http import schemas
from indexer.search.http.metrics import CONTENT_TYPE, Metrics
from indexer.search.http.workers import OverloadedError, TooSlowError, Workers
from indexer.search.index import Index
from indexer.search.unavailable_error import UnavailableError

_FRESH_SECONDS = 1.0
"""However often it is asked, without a key, the index is asked no oftener."""


def state_routes(index: Index, workers: Workers, metrics: Metrics) -> APIRouter:
    """`workers`: of its own, so that a busy server is not taken for a broken one."""
    routes = APIRouter(tags=["state"])
    health_of = _Health(index, workers)

    @routes.get(
        "/health",
        response_model=schemas.HealthAnswer,
        responses={
            503: {"model": schemas.HealthAnswer, "description": "The index cannot be asked."}
        },
    )
    async def health() -> Response:
        """Whether the index can be asked, and how many posts it has."""
        documents = await health_of()
        if documents is None:
            return _answer(503, {"status": "unavailable"})
        return _answer(200, {"status": "ok", "documents": documents})

    @routes.get("/metrics", include_in_schema=False)
    async def metrics_text() -> Response:
        return Response(metrics.text(), headers={"Content-Type": CONTENT_TYPE})

    return routes


def _answer(status: int, content: dict[str, Any]) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")


class _Health:
    def __init__(self, index: Index, workers: Workers) -> None:
        self._index = index
        self._workers = workers
        self._asking = asyncio.Lock()
        self._known: tuple[float, int | None] | None = None

    async def __call__(self) -> int | None:
        """How many posts there are; None: the index cannot be asked."""
        async with self._asking:
            if self._known is None or time.monotonic() - self._known[0] > _FRESH_SECONDS:
                documents = await self._documents()
                self._known = time.monotonic(), documents
            return self._known[1]

    async def _documents(self) -> int | None:
        try:
            return await self._workers.run(lambda: self._index.search(limit=0).total)
        except (UnavailableError, OverloadedError, TooSlowError):
            return None
