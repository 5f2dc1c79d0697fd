"""`keyphrases serve`: the HTTP API over an index, and the page that uses it."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from indexer.search.http.app import make_app
from indexer.search.http.hosts import in_url, is_loopback, names_on_loopback
from indexer.search.http.memory import keep_memory
from indexer.search.http.server import listen, serve
from indexer.search.http.settings import Settings
from indexer.search.http.thumbnails import Thumbnails
from indexer.search.http.traffic import LOG
from indexer.search.index import Index
from keyphrases.console import out
from posts.errors import InputError
from posts.picture_finder import PictureFinder

_KEY = "KEYPHRASES_API_KEY"


@click.command(name="serve")
@click.option(
    "--index", "location", required=True, help="embedded:PATH or http(s)://host:port/NAME"
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0: any free one"
)
@click.option("--store", help="Where the index's model lies, for searches by picture.")
@click.option("--model", help="Its name there, if it has another than the index knows.")
@click.option("--dump", default=None, help="The dump of the index, for pictures of its posts.")
@click.option(
    "--allow-origin",
    "origins",
    multiple=True,
    metavar="ORIGIN",
    help="Pages of this origin may read answers, like https://portal.example.com.",
)
def command(
    location: str,
    host: str,
    port: int,
    store: str | None,
    model: str | None,
    dump: str | None,
    origins: tuple[str, ...],
) -> None:
    """Serve an index over HTTP: JSON below /api, and a page to search with at /.

    Other machines reach it only with a key: set KEYPHRASES_API_KEY in the environment.
    """
    settings = _settings(host, origins)
    keep_memory()
    with _thumbnails_of(dump) as thumbnails, Index(location, store=store, model=model) as index:
        index.search(limit=0)  # Before anything begins: is it there?
        with listen(host, port) as listener:
            _log_requests()
            address = f"http://{in_url(host)}:{listener.getsockname()[1]}"
            out.print(f"{address} serves {index.location}; Ctrl+C ends it", markup=False)
            serve(make_app(index, settings, thumbnails=thumbnails), listener)


@contextmanager
def _thumbnails_of(dump: str | None) -> Iterator[Thumbnails | None]:
    """What shows the pictures of a dump; `InputError` if it is none."""
    if dump is None:
        yield None
    else:
        with PictureFinder(dump) as finder:
            yield finder


def _settings(host: str, origins: tuple[str, ...]) -> Settings:
    key = os.environ.get(_KEY) or None
    if key is None and not is_loopback(host):
        raise InputError(
            f"a server that others can reach at {host} needs a key; set {_KEY} in the environment, "
            "for example to what `openssl rand -hex 32` prints"
        )
    hosts = names_on_loopback(host) if key is None else None
    return Settings(api_key=key, hosts=hosts, origins=origins)


def _log_requests() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    requests = logging.getLogger(LOG)
    requests.addHandler(handler)
    requests.setLevel(logging.INFO)
    requests.propagate = False
