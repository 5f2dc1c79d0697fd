"""A server of the API in a thread, over an index of few posts."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from indexer.index.location import open_index
from indexer.search import Index
from indexer.search.http.app import make_app
from indexer.search.http.server import listen, make_server
from indexer.search.http.settings import Settings
from indexer.search.http.thumbnails import Thumbnails
from tests.indexer.index.samples import BUILD, document, phrases

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.indexer.search.http.site import Site

KEY = "a-key-of-the-tests-0123456789"
HOSTILE = "<script>alert('x')</script> \u202e \" & \x07 </mark>"
DOCUMENTS = [
    document("p1", "a red boat in the harbour", keyphrases=phrases(red_boat=0.9, harbour=0.4)),
    document(
        "p2", "the boat race", has_picture=True, keyphrases=phrases(boat_race=0.8, harbour=0.3)
    ),
    document("p3", "a cat on a boat", keyphrases=phrases(cat=0.7, boat_race=0.2)),
    document("p4", "a cat", created_at=None, keyphrases=phrases(cat=0.6)),
    document("a/b?c=d&e#f ü", HOSTILE, keyphrases=phrases(script=0.5)),
    document("long", "endless " * 5_000, extra={"number": 10**30, "list": [1, {"two": None}]}),
]


@dataclass(frozen=True)
class Running:
    """A server that runs."""

    url: str
    location: str

    def client(self, **options: Any) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=30, **options)


@pytest.fixture(scope="module")
def location(tmp_path_factory: pytest.TempPathFactory) -> str:
    return filled(tmp_path_factory.mktemp("served"))


def filled(folder: Path) -> str:
    """The location of a new index of the documents."""
    index = open_index(f"embedded:{folder / 'index'}")
    with index.lock("first"):
        index.begin(BUILD)
        assert not index.write(DOCUMENTS)
        index.finish()
    index.close()
    return index.location


@contextlib.contextmanager
def running(
    index: Index, settings: Settings | None = None, thumbnails: Thumbnails | None = None
) -> Iterator[Running]:
    app = make_app(index, settings or Settings(), thumbnails=thumbnails)
    server = make_server(app)
    with listen("127.0.0.1", 0) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive()
                time.sleep(0.01)
            yield Running(url, index.location)
        finally:
            server.should_exit = True
            thread.join(timeout=30)
            assert not thread.is_alive()


@pytest.fixture(scope="module")
def client(location: str) -> Iterator[httpx.Client]:
    """Of a server that wants no key."""
    with Index(location) as index, running(index) as server, server.client() as client:
        yield client


def message_of(answer: httpx.Response) -> str:
    """Of an error; it has the one form that all have."""
    content = answer.json()
    assert answer.headers["content-type"] == "application/json"
    assert set(content) == {"error"}
    assert set(content["error"]) in ({"message"}, {"message", "start", "end"})
    return str(content["error"]["message"])


@pytest.fixture(scope="module")
def _site(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    from tests.indexer.search.http.site import Site, fill, served

    places = fill(tmp_path_factory.mktemp("site"))
    with served(*places) as server:
        yield Site(server, browser, places)


@pytest.fixture
def site(_site: Site) -> Iterator[Site]:
    """A site and its browser, which must not complain of anything but what is expected."""
    _site.troubles.clear()
    _site.expected.clear()
    yield _site
    _site.check()


@pytest.fixture
def page(site: Site) -> Iterator[Page]:
    """A new window of a browser without memory."""
    with site.context() as context:
        yield context.new_page()
