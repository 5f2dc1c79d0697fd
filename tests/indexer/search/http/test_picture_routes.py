"""Searches by picture over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from indexer.index.location import open_index
from indexer.search import Index
from posts.pictures import PictureLimits
from tests.indexer.index.samples import BUILD
from tests.indexer.search.http.by_colour import PAINTED, ByColour, coloured
from tests.indexer.search.http.conftest import message_of, running

PNG = {"Content-Type": "image/png"}


@pytest.fixture(scope="module")
def painted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Of a server whose index has vectors."""
    index = open_index(f"embedded:{tmp_path_factory.mktemp('painted') / 'index'}")
    with index.lock("first"):
        index.begin(replace(BUILD, dimensions=2))
        assert not index.write(PAINTED)
        index.refresh()
    index.close()
    with (
        Index(index.location, embedder=ByColour()) as searched,
        running(searched) as server,
        server.client() as client,
    ):
        yield client


def ids(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [hit["id"] for hit in answer.json()["hits"]]


def test_a_picture_finds_the_posts_most_like_it(painted: httpx.Client) -> None:
    red = painted.post("/api/search", content=coloured("red"), headers=PNG)
    assert ids(red) == ["red", "violet", "blue"]
    assert red.json()["hits"][0]["alignment"] == 0.9
    blue = painted.post(
        "/api/search",
        params={"q": "roses", "limit": 2, "facets": True, "dates": True},
        content=coloured("blue"),
        headers={"Content-Type": "application/octet-stream"},
    )
    assert ids(blue) == ["red", "blue"]
    assert blue.json()["total"] == 3
    assert [each["count"] for each in blue.json()["facets"]["alignment"]] == [1, 0, 0, 1, 1]
    assert blue.json()["dates"]["bars"]
    after = {"q": "roses", "limit": 2, "after": blue.json()["next"]}
    rest = painted.post("/api/search", params=after, content=coloured("blue"), headers=PNG)
    assert ids(rest) == ["violet"]


def test_words_find_posts_by_their_meaning(painted: httpx.Client) -> None:
    asked = {"q": "colour blue"}
    assert ids(painted.get("/api/search", params=asked)) == []
    assert ids(painted.get("/api/search", params={**asked, "hybrid": True}))[0] == "blue"
    assert ids(painted.get("/api/search", params={"q": "aligned:0.5"})) == ["red", "violet"]


def test_what_is_no_picture_is_refused(
    painted: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(content: bytes, headers: dict[str, str]) -> str:
        answer = painted.post("/api/search", content=content, headers=headers)
        assert answer.status_code == 400
        return message_of(answer)

    assert "broken picture" in refused(b"no picture", PNG)
    assert "send the picture as the body" in refused(b"q=cat", {"Content-Type": "text/plain"})
    assert "send the picture as the body" in refused(b"", {})
    limits = PictureLimits(bytes=10)
    monkeypatch.setattr("indexer.search.http.picture_routes.DEFAULT_LIMITS", limits)
    assert "more than 10 bytes" in refused(coloured("red"), PNG)


def test_a_server_says_whether_it_can_be_searched_by_picture(
    painted: httpx.Client, client: httpx.Client
) -> None:
    assert painted.get("/api/abilities").json() == {"vectors": True, "why_not": None}
    told = client.get("/api/abilities").json()
    assert not told["vectors"]
    assert "the index has no vectors" in told["why_not"]
    answer = client.post("/api/search", content=coloured("red"), headers=PNG)
    assert answer.status_code == 400
    assert "the index has no vectors" in message_of(answer)
    assert ids(client.get("/api/search", params={"q": "cat"}))
