"""Answers that say what is wrong, all in one form: {"error": {"message", "start"?, "end"?}}."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from indexer.search.http.workers import OverloadedError, TooSlowError
from indexer.search.query_error import QueryError
from indexer.search.unavailable_error import UnavailableError
from posts.errors import InputError

_EMBEDDED = "embedded:"
_PATH = re.compile(r"(?<![\w:/.])/[^\s,;:()'\"]+")
"""An absolute path; what follows the host in a URL is none."""
_SHOWN = 60
"""Characters of the name of a parameter that nobody knows."""
_RETRY = {"Retry-After": "1"}


def refusal(
    status: int,
    message: str,
    *,
    place: tuple[int, int] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """`place`: where in the query it is, from character to before character."""
    error: dict[str, Any] = {"message": message}
    if place is not None:
        error |= {"start": place[0], "end": place[1]}
    return Response(
        orjson.dumps({"error": error}, default=str),
        status,
        headers=dict(headers or {}),
        media_type="application/json",
    )


def add_refusals(app: FastAPI, location: str) -> None:
    """Answers for every error that a route may raise; `location` is that of the index."""

    async def bad_query(_: Request, error: Exception) -> Response:
        place = (error.start, error.end) if isinstance(error, QueryError) else None
        return refusal(400, str(error), place=place)

    async def bad_parameter(_: Request, error: Exception) -> Response:
        if not isinstance(error, RequestValidationError):
            raise error
        return refusal(400, _told(error))

    async def unavailable(_: Request, error: Exception) -> Response:
        return refusal(503, without_paths(str(error), location), headers=_RETRY)

    async def overloaded(_: Request, _error: Exception) -> Response:
        message = "too many are asking at the moment; ask again in a moment"
        return refusal(503, message, headers=_RETRY)

    async def too_slow(_: Request, _error: Exception) -> Response:
        return refusal(504, "the index does not answer in time; ask again, or for less")

    async def of_http(_: Request, error: Exception) -> Response:
        if not isinstance(error, HTTPException):
            raise error
        message = _WORDS.get(error.status_code, str(error.detail))
        return refusal(error.status_code, message, headers=error.headers)

    app.add_exception_handler(InputError, bad_query)
    app.add_exception_handler(RequestValidationError, bad_parameter)
    app.add_exception_handler(UnavailableError, unavailable)
    app.add_exception_handler(OverloadedError, overloaded)
    app.add_exception_handler(TooSlowError, too_slow)
    app.add_exception_handler(HTTPException, of_http)


_WORDS = {
    404: "there is nothing at this address",
    405: "this address is not asked by that method",
}


def without_paths(sentence: str, location: str) -> str:
    """The sentence as others than the owner of the machine may read it."""
    for known in (location, location.removeprefix(_EMBEDDED)):
        if location.startswith(_EMBEDDED):
            sentence = sentence.replace(known, "its place")
    return _PATH.sub("its place", sentence)


def _told(error: RequestValidationError) -> str:
    """The first of the problems with the parameters."""
    problem = error.errors()[0]
    name = ".".join(str(part) for part in problem["loc"][1:])[:_SHOWN]
    if problem["type"] == "extra_forbidden":
        return f"there is no parameter {name!r} here; see /openapi.json"
    message = str(problem["msg"])
    return f"the parameter {name} is wrong: {message[:1].lower()}{message[1:]}"
