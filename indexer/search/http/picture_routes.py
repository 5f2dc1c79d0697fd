"""POST /api/search: posts for a picture, and whether there can be any."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from indexer.search.answer import answer_of
from indexer.search.http import schemas
from indexer.search.http.answers import REFUSALS, as_json, cut
from indexer.search.http.parameters import SearchParameters
from indexer.search.http.refusals import without_paths
from indexer.search.http.workers import OverloadedError, Workers
from indexer.search.index import Index
from indexer.search.unavailable_error import UnavailableError
from posts.errors import InputError
from posts.pictures import DEFAULT_LIMITS, too_many_bytes

_BODY_SECONDS = 30.0
"""For which a picture may be on its way."""
_MOST_BODIES = 8
"""Pictures that are held at the same time, 20 MB each."""
_TYPES = (
    *("image/jpeg", "image/png", "image/webp", "image/gif", "image/bmp", "image/tiff"),
    "application/octet-stream",
)
_BODY = {
    "requestBody": {
        "required": True,
        "content": {each: {"schema": {"type": "string", "format": "binary"}} for each in _TYPES},
    }
}


def picture_routes(index: Index, workers: Workers) -> APIRouter:
    """`workers`: of their own, for the first question loads a model."""
    routes = APIRouter(prefix="/api", responses=REFUSALS, tags=["search"])
    bodies = asyncio.Semaphore(_MOST_BODIES)

    @routes.post("/search", response_model=schemas.SearchAnswer, openapi_extra=_BODY)
    async def search(asked: Annotated[SearchParameters, Query()], request: Request) -> Response:
        """Posts for the picture in the body, and for a query if there is one."""
        if bodies.locked():
            raise OverloadedError
        async with bodies:
            picture = await _body(request)

            def work() -> bytes:
                results = index.search(
                    asked.q,
                    phrases=asked.phrase,
                    since=asked.since or None,
                    limit=asked.limit,
                    after=asked.after or None,
                    facets=asked.facets,
                    days=asked.dates,
                    picture=picture,
                )
                return as_json(cut(answer_of(results)))

            return Response(await workers.run(work), media_type="application/json")

    @routes.get("/abilities", response_model=schemas.Abilities)
    async def abilities() -> Response:
        """Whether posts can be searched by picture and by meaning and, if not, why."""

        def work() -> bytes:
            try:
                index.check_vectors()
            except UnavailableError as error:
                return as_json(_answer(without_paths(str(error), index.location)))
            except InputError as error:
                return as_json(_answer(str(error)))
            return as_json(_answer(None))

        return Response(await workers.run(work), media_type="application/json")

    return routes


def _answer(why_not: str | None) -> dict[str, Any]:
    return {"vectors": why_not is None, "why_not": why_not}


async def _body(request: Request) -> bytes:
    """Raises `InputError` for one that is of another kind, too long or too slow."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    # A form of a foreign page cannot send any of these.
    if kind not in _TYPES:
        raise InputError(f"send the picture as the body, of the type {', '.join(_TYPES)}")
    body = bytearray()
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > DEFAULT_LIMITS.bytes:
                    raise InputError(
                        f"this cannot be searched by: {too_many_bytes(DEFAULT_LIMITS)}"
                    )
    except (TimeoutError, ClientDisconnect) as error:
        raise InputError("the picture did not arrive; send it again") from error
    return bytes(body)
