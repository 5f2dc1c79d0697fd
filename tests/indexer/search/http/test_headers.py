"""What a browser may do with an answer."""

from __future__ import annotations

import httpx
import pytest

PAGE = ("/", "/static/index.html")
ANSWERS = ("/api/search", "/api/search?limit=x", "/nothing", "/health", "/openapi.json", "/metrics")


@pytest.mark.parametrize("path", [*PAGE, *ANSWERS])
def test_every_answer_is_kept_where_it_belongs(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers

    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert "server" not in headers
    assert headers["content-security-policy"].startswith("default-src 'none'; ")
    assert "unsafe" not in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


@pytest.mark.parametrize("path", ANSWERS)
def test_what_posts_say_is_kept_nowhere_and_runs_nothing(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers

    assert headers["cache-control"] == "no-store"
    assert "script-src" not in headers["content-security-policy"]


@pytest.mark.parametrize("path", PAGE)
def test_the_page_runs_its_own_scripts_alone(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers

    assert headers["content-type"].startswith("text/html")
    assert headers["cache-control"] == "no-cache"
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self'",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }


def test_nothing_is_fetched_from_elsewhere(client: httpx.Client) -> None:
    assert client.get("/docs").status_code == 404
    assert client.get("/redoc").status_code == 404
