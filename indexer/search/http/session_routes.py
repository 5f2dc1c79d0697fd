"""/api/session: a page shows the key once, and its pictures come without it."""

from __future__ import annotations

import asyncio

import orjson
from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from indexer.search.http import schemas
from indexer.search.http.access import COOKIE, ApiKey
from indexer.search.http.refusals import refusal
from indexer.search.http.schemas import SessionRequest
from indexer.search.http.sessions import SECONDS, Sessions

_LONGEST_BODY = 4_096
"""Bytes."""
_BODY_SECONDS = 10.0
"""For which the body may be on its way."""
_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": SessionRequest.model_json_schema()}},
    }
}


def session_routes(key: ApiKey | None, sessions: Sessions) -> APIRouter:
    routes = APIRouter(prefix="/api", tags=["session"])

    @routes.post(
        "/session",
        status_code=204,
        response_class=Response,
        openapi_extra=_BODY,
        responses={
            400: {"model": schemas.Refusal, "description": "This is no key."},
            401: {"model": schemas.Refusal, "description": "This is not the key."},
        },
    )
    async def begin(request: Request) -> Response:
        """Begins a session: a cookie stands for the key from now on."""
        asked = await _body(request)
        if asked is None:
            return refusal(400, 'write the API key as JSON, {"key": "..."}')
        answer = Response(status_code=204)
        if key is None:
            return answer
        if not key.is_it(asked.key):
            return refusal(401, "this is not the API key", headers={"WWW-Authenticate": "Bearer"})
        answer.set_cookie(
            COOKIE,
            sessions.begin(),
            max_age=SECONDS,
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return answer

    @routes.delete("/session", status_code=204, response_class=Response)
    async def end(request: Request) -> Response:
        """Ends the session that the cookie stands for, if there is one."""
        token = request.cookies.get(COOKIE)
        answer = Response(status_code=204)
        if token is not None:
            sessions.end(token)
            answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
        return answer

    return routes


async def _body(request: Request) -> SessionRequest | None:
    """None: it is something else, too long or too slow."""
    # A form of a foreign page cannot send this type.
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        return None
    body = b""
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > _LONGEST_BODY:
                    return None
        return SessionRequest.model_validate(orjson.loads(body))
    except (TimeoutError, ClientDisconnect, orjson.JSONDecodeError, ValidationError):
        return None
