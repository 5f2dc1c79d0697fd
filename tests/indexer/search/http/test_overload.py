"""Slow, broken and busy: every request is answered soon, and the server lives on."""

from __future__ import annotations

import contextlib
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from indexer.index.query import Results
from indexer.search import Index
from indexer.search.http import search_routes
from indexer.search.http.settings import Settings
from indexer.search.unavailable_error import UnavailableError
from tests.indexer.index.samples import BUILD, document
from tests.indexer.search.http.conftest import filled, message_of, running
from tests.servers.elastic_proxy import elastic_proxy
from tests.waiting import wait_for

LONG = 60.0


class SlowIndex(Index):
    """Does not answer a search before it may."""

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.may = threading.Event()
        self.asked = threading.Semaphore(0)
        self.now = self.most = 0
        self._counting = threading.Lock()

    def search(self, query: str = "", **options: Any) -> Results:
        with self._counting:
            self.now += 1
            self.most = max(self.most, self.now)
        self.asked.release()
        try:
            assert self.may.wait(LONG)
            return super().search(query, **options)
        finally:
            with self._counting:
                self.now -= 1


class BrokenIndex(Index):
    """Fails in ways that no index should, or cannot be asked."""

    error: Exception = RuntimeError("a secret query text")

    def search(self, query: str = "", **options: Any) -> Results:
        raise self.error


@contextmanager
def asking(client: httpx.Client, count: int) -> Iterator[list[Future[httpx.Response]]]:
    with ThreadPoolExecutor(count) as pool:
        yield [pool.submit(client.get, "/api/search") for _ in range(count)]


def test_more_than_can_wait_are_sent_away(location: str) -> None:
    settings = Settings(threads=2, waiting=3, seconds=LONG)
    with (
        SlowIndex(location) as index,
        running(index, settings) as server,
        server.client() as client,
    ):
        with asking(client, 9) as answers:
            wait_for(lambda: sum(each.done() for each in answers) == 4)
            refused = [each.result() for each in answers if each.done()]
            wait_for(lambda: index.most == 2)
            index.may.set()
        assert [each.status_code for each in refused] == [503] * 4
        assert {each.headers["retry-after"] for each in refused} == {"1"}
        assert "too many" in message_of(refused[0])
        assert sorted(each.result().status_code for each in answers) == [200] * 5 + [503] * 4
        assert index.most == 2
        assert client.get("/api/search").status_code == 200


def test_what_takes_too_long_is_given_up_and_keeps_its_place(location: str) -> None:
    settings = Settings(threads=1, waiting=1, seconds=1)
    with (
        SlowIndex(location) as index,
        running(index, settings) as server,
        server.client() as client,
    ):
        with asking(client, 2) as answers:
            late = [each.result() for each in answers]
        assert [each.status_code for each in late] == [504, 504]
        assert "in time" in message_of(late[0])
        # The thread is still at the first and has the second before it.
        assert client.get("/api/search").status_code == 503
        assert index.now == 1
        index.may.set()
        wait_for(lambda: client.get("/api/search").status_code == 200)


def test_a_busy_server_is_not_taken_for_a_broken_one(location: str) -> None:
    class BusyIndex(SlowIndex):
        def search(self, query: str = "", **options: Any) -> Results:
            return Index.search(self, limit=0) if not query else super().search(query, **options)

    settings = Settings(threads=1, waiting=0, seconds=LONG)
    with (
        BusyIndex(location) as index,
        running(index, settings) as server,
        server.client() as client,
        ThreadPoolExecutor(1) as pool,
    ):
        slow = pool.submit(client.get, "/api/search?q=boat")
        assert index.asked.acquire(timeout=LONG)
        assert client.get("/api/search?q=boat").status_code == 503
        assert client.get("/health").status_code == 200
        index.may.set()
        assert slow.result().status_code == 200


def test_code_that_fails_is_answered_and_not_shown(
    location: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    with (
        BrokenIndex(location) as index,
        running(index) as server,
        server.client() as client,
    ):
        answer = client.get("/api/search")

        assert answer.status_code == 500
        assert "see its log" in message_of(answer)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert client.get("/api/post?id=p1").status_code == 200
    assert "RuntimeError at test_overload.py" in caplog.text
    assert "secret" not in caplog.text + answer.text
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("route", ["search", "facets", "related", "post?id=p1", "similar?id=p1"])
def test_an_index_that_went_away_is_told_without_its_place(tmp_path: Path, route: str) -> None:
    with Index(filled(tmp_path)) as index, running(index) as server, server.client() as client:
        assert client.get("/health").json() == {"status": "ok", "documents": 6}
        # The thread that reads the keyphrases is done with the files.
        wait_for(lambda: client.get("/api/suggest").status_code == 200)
        shutil.rmtree(tmp_path / "index")

        answer = client.get(f"/api/{route}")
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
        assert "there is no index at its place; run `keyphrases index` first" in message_of(answer)
        assert str(tmp_path) not in answer.text
        wait_for(lambda: client.get("/health").status_code == 503)
        assert client.get("/health").json() == {"status": "unavailable"}

        filled(tmp_path)
        assert client.get(f"/api/{route}").status_code == 200
        wait_for(lambda: client.get("/health").status_code == 200)


def test_a_server_that_cannot_be_reached_any_more_is_told(
    new_elastic_location: Callable[[], str],
) -> None:
    server_url, _, name = new_elastic_location().rpartition("/")
    with contextlib.ExitStack() as way:
        url = way.enter_context(elastic_proxy(server_url, lambda *asked: asked[-1](asked[-2])))
        with (
            Index(f"{url}/{name}") as index,
            running(index) as server,
            server.client() as client,
        ):
            engine = index._index
            with engine.lock("first"):
                engine.begin(BUILD)
                engine.write([document("p1", "a boat")])
                engine.refresh()
            assert client.get("/api/search", params={"q": "boat"}).json()["total"] == 1
            way.close()

            answer = client.get("/api/search", params={"q": "boat"})
            assert answer.status_code == 503
            assert "cannot be reached" in message_of(answer)
            wait_for(lambda: client.get("/health").status_code == 503)


def test_suggestions_that_are_not_ready_hold_no_thread(
    location: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class ColdIndex(Index):
        ready = threading.Event()

        def prepare(self) -> None:
            assert self.ready.wait(LONG)
            super().prepare()

    settings = Settings(threads=1, waiting=0, seconds=LONG)
    with (
        ColdIndex(location) as index,
        running(index, settings) as server,
        server.client() as client,
        ThreadPoolExecutor(2) as pool,
    ):
        early = [pool.submit(client.get, "/api/suggest?q=boa") for _ in range(2)]
        assert client.get("/api/search").status_code == 200
        for each in early:
            assert each.result().status_code == 503
            assert "no suggestions yet" in message_of(each.result())
            assert each.result().headers["retry-after"]
        monkeypatch.setattr(search_routes, "_FOR_WARM_UP", LONG)
        late = pool.submit(client.get, "/api/suggest?q=boa")
        index.ready.set()
        assert late.result().json()["suggestions"]


def test_suggestions_are_prepared_again_until_it_goes_well(location: str) -> None:
    class MoodyIndex(Index):
        calls = 0

        def prepare(self) -> None:
            self.calls += 1
            if self.calls == 1:
                raise UnavailableError("not yet")
            super().prepare()

    with MoodyIndex(location) as index, running(index) as server, server.client() as client:
        wait_for(lambda: client.get("/api/suggest?q=boa").status_code == 200)
        assert index.calls == 2
