"""/api/search and what else is asked of the index."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from indexer.search.answer import answer_of, hit_answer
from indexer.search.http import schemas
from indexer.search.http.answers import REFUSALS, as_json, cut
from indexer.search.http.parameters import (
    FacetParameters,
    PostParameters,
    RelatedParameters,
    SimilarParameters,
    SuggestParameters,
    WordSearchParameters,
)
from indexer.search.http.query_route import QueryRoute
from indexer.search.http.refusals import refusal
from indexer.search.http.warm_up import WarmUp
from indexer.search.http.workers import Workers
from indexer.search.index import Index

NO_POST = "there is no post of this id in the index"
_FOR_WARM_UP = 2.0
"""Seconds for which a suggestion waits until there are any."""

_NOT_THERE: dict[int | str, dict[str, Any]] = {
    404: {"model": schemas.Refusal, "description": "There is no such post."}
}


def search_routes(
    index: Index, workers: Workers, vector_workers: Workers, suggesting: WarmUp
) -> APIRouter:
    """`vector_workers`: for what may load a model; `suggesting`: what makes the first suggestion
    quick."""
    routes = APIRouter(prefix="/api", responses=REFUSALS, tags=["search"], route_class=QueryRoute)

    async def answer(
        work: Callable[[], dict[str, Any] | None], at_work: Workers = workers
    ) -> Response:
        """Also the JSON is made in the worker: many hits are megabytes of it."""

        def made() -> bytes | None:
            content = work()
            return None if content is None else as_json(content)

        content = await at_work.run(made)
        if content is None:
            return refusal(404, NO_POST)
        return Response(content, media_type="application/json")

    @routes.get("/search", response_model=schemas.SearchAnswer)
    async def search(asked: Annotated[WordSearchParameters, Query()]) -> Response:
        """Posts for a query."""

        def work() -> dict[str, Any]:
            results = index.search(
                asked.q,
                phrases=asked.phrase,
                since=asked.since or None,
                limit=asked.limit,
                after=asked.after or None,
                facets=asked.facets,
                days=asked.dates,
                hybrid=asked.hybrid,
            )
            return cut(answer_of(results))

        return await answer(work, vector_workers if asked.hybrid else workers)

    @routes.get("/suggest", response_model=schemas.Suggestions)
    async def suggest(asked: Annotated[SuggestParameters, Query()]) -> Response:
        """Keyphrases that begin as what is typed."""
        if not await suggesting.wait(_FOR_WARM_UP):
            message = "there are no suggestions yet; ask again in a moment"
            return refusal(503, message, headers={"Retry-After": "2"})
        return await answer(
            lambda: {"suggestions": [asdict(one) for one in index.suggest(asked.q, asked.limit)]}
        )

    @routes.get("/facets", response_model=schemas.FacetsAnswer)
    async def facets(asked: Annotated[FacetParameters, Query()]) -> Response:
        """The most frequent keyphrases of the posts for a query."""

        def work() -> dict[str, Any]:
            found = index.facets(asked.q, phrases=asked.phrase, limit=asked.limit)
            return {"total": found.total, "keyphrases": [asdict(each) for each in found.facets]}

        return await answer(work)

    @routes.get("/related", response_model=schemas.RelatedAnswer)
    async def related(asked: Annotated[RelatedParameters, Query()]) -> Response:
        """Keyphrases that tell the posts for a query from others."""

        def work() -> dict[str, Any]:
            found = index.related(asked.q, phrases=asked.phrase, limit=asked.limit)
            return {"related": [asdict(each) for each in found]}

        return await answer(work)

    @routes.get("/post", response_model=schemas.Post, responses=_NOT_THERE)
    async def post(asked: Annotated[PostParameters, Query()]) -> Response:
        """One post, with all of its text."""

        def work() -> dict[str, Any] | None:
            found = index.post(asked.id)
            return None if found is None else {**hit_answer(found), "extra": dict(found.extra)}

        return await answer(work)

    @routes.get("/similar", response_model=schemas.SearchAnswer, responses=_NOT_THERE)
    async def similar(asked: Annotated[SimilarParameters, Query()]) -> Response:
        """Posts like this one."""

        def work() -> dict[str, Any] | None:
            found = index.similar(asked.id, asked.limit)
            return None if found is None else cut(answer_of(found))

        return await answer(work)

    return routes
