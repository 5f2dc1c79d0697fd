"""A query string is read as FastAPI reads it."""

from __future__ import annotations

from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Query
from fastapi.routing import APIRoute
from starlette.responses import JSONResponse, Response
from starlette.testclient import TestClient

from indexer.search.http.parameters import WordSearchParameters
from indexer.search.http.query_route import QueryRoute

STRINGS = [
    "",
    "q=a&limit=3",
    "q=a&q=b",
    "phrase=a&phrase=b",
    "phrase=",
    "q=&since=&after=",
    "facets=true&dates=0&hybrid=yes",
    "facets=",
    "facets=perhaps",
    "limit=",
    "limit=-1",
    "limit=1.5",
    "limit=1e1",
    "limit=ten&facets=maybe",
    "limit=1&limit=2",
    "unknown=1",
    "unknown=1&unknown=2&limit=x",
    "q=%00%ff",
    "q=" + "a" * 5_000,
    "&".join(["phrase=a"] * 30),
]


def client(route: type[APIRoute]) -> TestClient:
    router = APIRouter(route_class=route)

    @router.get("/search")
    async def search(asked: Annotated[WordSearchParameters, Query()]) -> Response:
        return JSONResponse(asked.model_dump())

    app = FastAPI()
    app.include_router(router)
    return TestClient(app)


def told(answer: httpx.Response) -> object:
    content = answer.json()
    if answer.status_code == 422:
        return [(one["type"], one["loc"], one["msg"]) for one in content["detail"]]
    return content


@pytest.mark.parametrize("query", STRINGS)
def test_a_query_string_means_what_it_means_to_fastapi(query: str) -> None:
    ours, theirs = (client(each).get(f"/search?{query}") for each in (QueryRoute, APIRoute))
    assert ours.status_code == theirs.status_code
    assert told(ours) == told(theirs)


def test_it_is_described_as_any_other_route() -> None:
    ours, theirs = (client(each).get("/openapi.json").json() for each in (QueryRoute, APIRoute))
    assert ours == theirs
    assert {one["name"] for one in ours["paths"]["/search"]["get"]["parameters"]} >= {"q", "phrase"}
