"""/api/thumbnail: the pictures of posts that are in the index."""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from indexer.search.http import schemas
from indexer.search.http.parameters import ThumbnailParameters
from indexer.search.http.refusals import refusal
from indexer.search.http.thumbnails import Thumbnails, media_type_of
from indexer.search.http.workers import Workers
from indexer.search.index import Index
from indexer.search.unavailable_error import UnavailableError
from posts.errors import InputError, JobError, PostError

_SECONDS = 600
"""For which a browser may show a picture without asking; then it asks whether it has changed."""
_PICTURE = {"schema": {"type": "string", "format": "binary"}}
_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/webp": _PICTURE, "image/jpeg": _PICTURE}},
    304: {"description": "The picture is the one that the request names."},
    400: {"model": schemas.Refusal, "description": "The question is not understood."},
    401: {"model": schemas.Refusal, "description": "The API key is missing or wrong."},
    404: {"model": schemas.Refusal, "description": "There is no such picture."},
    503: {"model": schemas.Refusal, "description": "The index or the dump cannot answer now."},
    504: {"model": schemas.Refusal, "description": "The picture took too long."},
}


def thumbnail_routes(index: Index, workers: Workers, thumbnails: Thumbnails | None) -> APIRouter:
    """`thumbnails` None: there are no pictures."""
    routes = APIRouter(prefix="/api", tags=["search"])

    @routes.get("/thumbnail", responses=_RESPONSES, response_class=Response)
    async def thumbnail(
        asked: Annotated[ThumbnailParameters, Query()], request: Request
    ) -> Response:
        """The picture of a post, small; of several the one that stands for it."""
        picture: bytes | None = None
        if thumbnails is not None:
            picture = await workers.run(lambda: _picture(index, thumbnails, asked))
        media_type = None if picture is None else media_type_of(picture)
        if picture is None or media_type is None:
            return refusal(404, "there is no picture of this post")
        headers = {
            "ETag": f'"{sha256(picture).hexdigest()[:32]}"',
            "Cache-Control": f"private, max-age={_SECONDS}",
        }
        known = (each.strip() for each in request.headers.get("if-none-match", "").split(","))
        if headers["ETag"] in (each.removeprefix("W/") for each in known):
            return Response(status_code=304, headers=headers)
        return Response(picture, headers=headers, media_type=media_type)

    return routes


def _picture(index: Index, thumbnails: Thumbnails, asked: ThumbnailParameters) -> bytes | None:
    post = index.post(asked.id)
    # Of a post that was taken down the dump may still have the picture.
    if post is None or not post.has_picture:
        return None
    try:
        return thumbnails.thumbnail(asked.id, int(asked.size), post.lead_picture)
    except PostError:
        return None
    except (InputError, JobError) as error:
        raise UnavailableError(str(error)) from error
