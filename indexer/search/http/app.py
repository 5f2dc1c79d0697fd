"""The whole API as one ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import FileResponse
from starlette.staticfiles import StaticFiles

from indexer.search.http.access import COOKIE, AccessMiddleware, ApiKey, HostMiddleware
from indexer.search.http.head import HeadMiddleware
from indexer.search.http.headers import HeadersMiddleware
from indexer.search.http.metrics import Metrics
from indexer.search.http.picture_routes import picture_routes
from indexer.search.http.refusals import add_refusals
from indexer.search.http.search_routes import search_routes
from indexer.search.http.session_routes import session_routes
from indexer.search.http.sessions import Sessions
from indexer.search.http.settings import Settings
from indexer.search.http.state_routes import state_routes
from indexer.search.http.thumbnail_routes import thumbnail_routes
from indexer.search.http.thumbnails import Thumbnails
from indexer.search.http.traffic import TrafficMiddleware, log, told
from indexer.search.http.warm_up import WarmUp
from indexer.search.http.workers import Workers
from indexer.search.index import Index

PAGE = Path(__file__).parent / "page"
_HEALTH_SECONDS = 8.0
_VECTOR_SECONDS = 60.0
"""For the first search by picture, which loads a model."""
_VECTOR_THREADS = 2
_SMALLEST_ZIPPED = 4_096
"""Bytes; less is sent as quickly as it is compressed."""


def make_app(index: Index, settings: Settings, *, thumbnails: Thumbnails | None = None) -> FastAPI:
    """The API over an index, which stays the caller's to close."""
    key = None if settings.api_key is None else ApiKey(settings.api_key)
    sessions, metrics = Sessions(), Metrics()
    workers = Workers(threads=settings.threads, waiting=settings.waiting, seconds=settings.seconds)
    vector_workers = Workers(threads=_VECTOR_THREADS, waiting=16, seconds=_VECTOR_SECONDS)
    health_workers = Workers(threads=1, waiting=0, seconds=_HEALTH_SECONDS)
    suggesting = WarmUp(index.prepare, lambda error: log({"problem": told(error)}))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        suggesting.start()
        yield
        suggesting.stop()
        workers.close()
        vector_workers.close()
        health_workers.close()

    app = _Api(title="keyphrases", version="1", docs_url=None, redoc_url=None, lifespan=lifespan)
    app.needs_key = key is not None
    add_refusals(app, index.location)
    app.include_router(search_routes(index, workers, vector_workers, suggesting))
    app.include_router(picture_routes(index, vector_workers))
    app.include_router(thumbnail_routes(index, workers, thumbnails))
    app.include_router(session_routes(key, sessions))
    app.include_router(state_routes(index, health_workers, metrics))
    _add_page(app)
    known = ("/", "/metrics", "/openapi.json", *app.openapi()["paths"])
    # Added last, a middleware sees a request first.
    app.add_middleware(GZipMiddleware, minimum_size=_SMALLEST_ZIPPED, compresslevel=1)
    app.add_middleware(HeadMiddleware)
    app.add_middleware(AccessMiddleware, key=key, sessions=sessions)
    if settings.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.origins,
            allow_methods=("GET", "HEAD"),
            allow_headers=("Authorization", "X-API-Key"),
            expose_headers=("Retry-After",),
        )
    if settings.hosts is not None:
        app.add_middleware(HostMiddleware, hosts=settings.hosts)
    app.add_middleware(TrafficMiddleware, metrics=metrics, routes=known)
    app.add_middleware(HeadersMiddleware)
    return app


class _Api(FastAPI):
    """Describes itself as it is: a wrong parameter is answered 400, and a key may be needed."""

    needs_key = False

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            described = get_openapi(title=self.title, version=self.version, routes=self.routes)
            schemas = described["components"]["schemas"]
            for name in ("HTTPValidationError", "ValidationError"):
                schemas.pop(name, None)
            if self.needs_key:
                described["components"]["securitySchemes"] = _WAYS
            for path, operations in described["paths"].items():
                for operation in operations.values():
                    operation["responses"].pop("422", None)
                    if self.needs_key and path.startswith("/api/") and path != "/api/session":
                        operation["security"] = [{name: []} for name in _WAYS]
            self.openapi_schema = described
        return self.openapi_schema


_WAYS = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "session": {"type": "apiKey", "in": "cookie", "name": COOKIE},
}


def _add_page(app: FastAPI) -> None:
    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(PAGE / "index.html", media_type="text/html")

    app.mount("/static", StaticFiles(directory=PAGE), name="static")
