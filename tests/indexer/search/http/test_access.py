"""Who may ask: keys, sessions, host names and other origins."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from indexer.search import Index
from indexer.search.http.access import COOKIE
from indexer.search.http.hosts import is_loopback, names_on_loopback
from indexer.search.http.sessions import SECONDS, Sessions
from indexer.search.http.settings import Settings
from posts.errors import InputError
from tests.indexer.search.http.conftest import KEY, Running, message_of, running

ORIGIN = "https://portal.example.com"
OPEN = ("/", "/static/index.html", "/health", "/openapi.json")
LOCKED = (
    "/api/search",
    "/api/suggest",
    "/api/facets",
    "/api/related",
    "/api/post?id=p1",
    "/api/similar?id=p1",
    "/api/abilities",
    "/api/thumbnail?id=p1",
    "/metrics",
    "/nothing",
)
WRONG = (
    {},
    {"X-API-Key": ""},
    {"X-API-Key": KEY[:-1]},
    {"X-API-Key": KEY + "x"},
    {"X-API-Key": KEY.upper()},
    {"Authorization": KEY},
    {"Authorization": "Bearer"},
    {"Authorization": "Bearer wrong"},
    {"Authorization": f"Basic {KEY}"},
    {"Authorization": "Bearer wrong", "X-API-Key": KEY},
    {"Cookie": f"{COOKIE}={KEY}"},
    {"Cookie": f"{COOKIE}="},
    {"Cookie": b"keyphrases_session=\xe9"},
)
RIGHT = (
    {"X-API-Key": KEY},
    {"Authorization": f"Bearer {KEY}"},
    {"Authorization": f"bearer  {KEY}"},
)


@pytest.fixture(scope="module")
def locked(location: str) -> Iterator[Running]:
    settings = Settings(api_key=KEY, origins=(ORIGIN,))
    with Index(location) as index, running(index, settings) as server:
        yield server


@pytest.fixture
def client(locked: Running) -> Iterator[httpx.Client]:
    with locked.client() as client:
        yield client


@pytest.mark.parametrize("path", LOCKED)
def test_without_the_key_nothing_is_told(client: httpx.Client, path: str) -> None:
    for headers in WRONG:
        answer = client.get(path, headers=headers)
        assert answer.status_code == 401, headers
        assert answer.headers["www-authenticate"] == "Bearer"
        assert "API key" in message_of(answer)
        assert client.head(path, headers=headers).status_code == 401


@pytest.mark.parametrize("path", LOCKED)
def test_the_key_opens_every_route(client: httpx.Client, path: str) -> None:
    for headers in RIGHT:
        assert client.get(path, headers=headers).status_code in (200, 404)


@pytest.mark.parametrize("path", OPEN)
def test_what_says_nothing_of_the_posts_needs_no_key(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 200


def test_the_description_says_which_routes_want_the_key(client: httpx.Client) -> None:
    described = client.get("/openapi.json").json()

    locked = {
        path
        for path, operations in described["paths"].items()
        if "security" in operations.get("get", {})
    }
    assert locked == {path.partition("?")[0] for path in LOCKED if path.startswith("/api/")}
    assert set(described["components"]["securitySchemes"]) == {"bearer", "header", "session"}


def test_a_session_stands_for_the_key_until_it_ends(client: httpx.Client) -> None:
    begun = client.post("/api/session", json={"key": KEY})

    assert begun.status_code == 204
    cookie = begun.headers["set-cookie"]
    assert KEY not in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Secure" not in cookie
    assert client.get("/api/search").status_code == 200

    token = client.cookies[COOKIE]
    ended = client.delete("/api/session")
    assert ended.status_code == 204
    assert COOKIE not in client.cookies
    assert client.get("/api/search", headers={"Cookie": f"{COOKIE}={token}"}).status_code == 401


def test_a_wrong_key_beside_a_session_is_refused(client: httpx.Client) -> None:
    client.post("/api/session", json={"key": KEY})

    assert client.get("/api/search", headers={"X-API-Key": "wrong"}).status_code == 401


def test_behind_https_the_cookie_is_for_https_alone(client: httpx.Client) -> None:
    headers = {"X-Forwarded-Proto": "https"}
    begun = client.post("/api/session", json={"key": KEY}, headers=headers)

    assert "Secure" in begun.headers["set-cookie"]


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b'{"key": "wrong"}', 401),
        (b'{"key": "\\ud800"}', 400),
        (b'{"key": 7}', 400),
        (b'{"key": "x", "more": 1}', 400),
        (b"{}", 400),
        (b"[", 400),
        (b"", 400),
        (b"\xff", 400),
        (b'{"key": "' + b"x" * 5_000 + b'"}', 400),
    ],
)
def test_no_other_body_begins_a_session(client: httpx.Client, content: bytes, status: int) -> None:
    headers = {"Content-Type": "application/json"}
    refused = client.post("/api/session", content=content, headers=headers)

    assert refused.status_code == status
    assert "set-cookie" not in refused.headers
    message_of(refused)


def test_a_form_of_a_foreign_page_begins_no_session(client: httpx.Client) -> None:
    content = f'{{"key": "{KEY}"}}'
    headers = {"Content-Type": "text/plain"}
    assert client.post("/api/session", content=content, headers=headers).status_code == 400


def test_sessions_end_by_themselves() -> None:
    now = 0.0
    sessions = Sessions(lambda: now)
    token = sessions.begin()
    now = SECONDS - 1
    assert sessions.lives(token)
    now = SECONDS + 1
    assert not sessions.lives(token)


def test_the_oldest_sessions_give_way() -> None:
    sessions = Sessions()
    tokens = [sessions.begin() for _ in range(10_001)]

    assert not sessions.lives(tokens[0])
    assert all(map(sessions.lives, tokens[1:]))


def test_without_a_key_a_request_must_call_the_server_by_its_name(location: str) -> None:
    settings = Settings(hosts=names_on_loopback("127.0.0.1"))
    with Index(location) as index, running(index, settings) as server, server.client() as client:
        port = server.url.rpartition(":")[2]
        for host in ("localhost", f"localhost:{port}", f"127.0.0.1:{port}", "[::1]:1", "LOCALHOST"):
            assert client.get("/api/search", headers={"Host": host}).status_code == 200, host
        for host in ("evil.com", f"evil.com:{port}", "127.0.0.1.evil.com", "localhost@evil", ""):
            refused = client.get("/api/search", headers={"Host": host})
            assert refused.status_code == 421, host
            assert "name" in message_of(refused)
            assert client.get("/", headers={"Host": host}).status_code == 421


def test_other_origins_may_read_only_if_they_are_named(client: httpx.Client) -> None:
    key = {"X-API-Key": KEY}
    named = client.get("/api/search", headers={**key, "Origin": ORIGIN})
    assert named.headers["access-control-allow-origin"] == ORIGIN
    assert "access-control-allow-credentials" not in named.headers
    for origin in ("https://evil.com", f"{ORIGIN}.evil.com", "null"):
        other = client.get("/api/search", headers={**key, "Origin": origin})
        assert "access-control-allow-origin" not in other.headers


def test_a_named_origin_may_send_the_key(client: httpx.Client) -> None:
    asked = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization",
    }
    allowed = client.options("/api/search", headers=asked)
    assert allowed.status_code == 200
    assert "Authorization" in allowed.headers["access-control-allow-headers"]
    refused = client.options("/api/search", headers={**asked, "Origin": "https://evil.com"})
    assert "access-control-allow-origin" not in refused.headers


def test_by_default_no_other_origin_may_read(location: str) -> None:
    with Index(location) as index, running(index) as server, server.client() as client:
        answer = client.get("/api/search", headers={"Origin": ORIGIN})
        assert "access-control-allow-origin" not in answer.headers
        asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}
        assert client.options("/api/search", headers=asked).status_code == 405


@pytest.mark.parametrize("key", ["short", "with a space in it and long", "é" * 20, ""])
def test_a_key_that_can_be_guessed_or_not_be_sent_is_refused(key: str) -> None:
    with pytest.raises(InputError, match="KEYPHRASES_API_KEY") as caught:
        Settings(api_key=key)
    assert not key or key not in str(caught.value)


@pytest.mark.parametrize("origin", ["*", "null", "example.com", f"{ORIGIN}/", "file:///x"])
def test_what_is_no_origin_is_refused(origin: str) -> None:
    with pytest.raises(InputError, match="not an origin"):
        Settings(origins=(origin,))


def test_the_key_is_not_shown_by_the_settings() -> None:
    assert KEY not in repr(Settings(api_key=KEY))


@pytest.mark.parametrize(
    ("host", "alone"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),  # noqa: S104
        ("::", False),
        ("192.168.1.2", False),
        ("search.example.com", False),
        ("", False),
    ],
)
def test_only_the_loopback_is_this_machine_alone(host: str, alone: bool) -> None:
    assert is_loopback(host) is alone
