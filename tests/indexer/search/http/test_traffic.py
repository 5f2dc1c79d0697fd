"""What the log and the metrics tell of requests, and what they do not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx
import pytest

from indexer.search import Index
from indexer.search.http.settings import Settings
from tests.indexer.search.http.conftest import KEY, running
from tests.waiting import wait_for

SECRET = "nobodymustknowthis"


@pytest.fixture
def client(location: str) -> Iterator[httpx.Client]:
    with (
        Index(location) as index,
        running(index, Settings(api_key=KEY)) as server,
        server.client(headers={"X-API-Key": KEY}) as client,
    ):
        yield client


def lines_of_requests(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    records = [each for each in caplog.records if each.name == "keyphrases.requests"]
    return [json.loads(each.getMessage()) for each in records]


def outlines(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str, int]]:
    return [(each["method"], each["route"], each["status"]) for each in lines_of_requests(caplog)]


def test_a_line_tells_what_was_done_and_not_for_whom(
    client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", logger="")
    caplog.set_level("INFO", logger="keyphrases.requests")
    # On a busy machine the first suggestion is not ready when the server is. And an answer is here
    # a moment before its line.
    wait_for(lambda: client.get("/api/suggest").status_code == 200)
    wait_for(lambda: ("GET", "/api/suggest", 200) in outlines(caplog))
    caplog.clear()
    client.get("/api/search", params={"q": SECRET, "phrase": SECRET})
    client.get("/api/search", params={"q": f"({SECRET}"})
    client.head("/api/post", params={"id": SECRET})
    client.get("/api/suggest", params={"q": SECRET})
    client.get(f"/{SECRET}")
    client.get(f"/static/{SECRET}")
    client.get("/api/search", headers={"X-API-Key": SECRET})
    client.post("/api/session", json={"key": SECRET})
    client.post("/api/session", json={"key": KEY})
    client.request(SECRET.upper(), "/health")

    wait_for(lambda: ("other", "/health", 405) in outlines(caplog))
    assert outlines(caplog) == [
        ("GET", "/api/search", 200),
        ("GET", "/api/search", 400),
        ("HEAD", "/api/post", 404),
        ("GET", "/api/suggest", 200),
        ("GET", "other", 404),
        ("GET", "/static", 404),
        ("GET", "/api/search", 401),
        ("POST", "/api/session", 401),
        ("POST", "/api/session", 204),
        ("other", "/health", 405),
    ]
    for line in lines_of_requests(caplog):
        assert set(line) == {"time", "method", "route", "status", "ms"}
        assert datetime.fromisoformat(line["time"]).tzinfo is not None
        assert line["ms"] >= 0
    own = [each for each in caplog.records if not each.name.startswith(("httpx", "httpcore"))]
    text = "\n".join(each.getMessage() for each in own).lower()
    assert SECRET not in text
    assert KEY not in text
    assert "127.0.0.1" not in text


def test_metrics_count_requests_by_route_and_status(client: httpx.Client) -> None:
    for _ in range(3):
        client.get("/api/search", params={"q": SECRET})
    client.get("/api/search", params={"limit": "x"})
    client.get(f"/{SECRET}")

    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    text = answer.text
    assert 'keyphrases_http_requests_total{route="/api/search",status="200"} 3.0' in text
    assert 'keyphrases_http_requests_total{route="/api/search",status="400"} 1.0' in text
    assert 'keyphrases_http_requests_total{route="other",status="404"} 1.0' in text
    assert 'keyphrases_http_request_seconds_count{route="/api/search"} 4.0' in text
    assert "keyphrases_http_requests_in_progress 1.0" in text
    assert SECRET not in text


def test_servers_of_one_process_count_apart(client: httpx.Client, location: str) -> None:
    client.get("/api/search")
    with Index(location) as index, running(index) as other, other.client() as stranger:
        assert "/api/search" not in stranger.get("/metrics").text
