"""What the API answers, over HTTP and a real index."""

from __future__ import annotations

import base64

import httpx
import pytest

from indexer.search import Index
from indexer.search.answer import answer_of
from tests.indexer.search.http.conftest import HOSTILE, message_of
from tests.waiting import wait_for


def ids(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [hit["id"] for hit in answer.json()["hits"]]


def test_a_search_answers_what_the_command_line_does(client: httpx.Client, location: str) -> None:
    asked = {"q": "boat", "facets": "true", "dates": "true", "limit": "2"}
    answer = client.get("/api/search", params=asked).json()

    with Index(location) as index:
        expected = answer_of(index.search("boat", facets=True, days=True, limit=2))
    assert answer.pop("took_ms") > 0
    expected.pop("took_ms")
    assert answer == expected
    assert answer["total"] == 3
    assert answer["dates"]["unit"] == "day"


def test_filters_narrow_a_search(client: httpx.Client) -> None:
    both = {"q": "boat", "phrase": ["harbour", "Boat  RACE"]}
    assert ids(client.get("/api/search", params=both)) == ["p2"]
    assert ids(client.get("/api/search", params={"q": "key:cat", "since": "2026-01-01"})) == ["p3"]
    assert ids(client.get("/api/search", params={"q": "has:picture"})) == ["p2"]


def test_next_leads_through_all_hits(client: httpx.Client) -> None:
    seen: list[str] = []
    after = ""
    for _ in range(6):
        answer = client.get("/api/search", params={"limit": "1", "after": after})
        seen += ids(answer)
        after = answer.json().get("next", "")
    assert not after
    assert len(set(seen)) == len(seen) == 6


def test_suggestions_complete_what_is_typed(client: httpx.Client) -> None:
    wait_for(lambda: client.get("/api/suggest").status_code == 200)
    answer = client.get("/api/suggest", params={"q": "boa"}).json()

    assert answer == {
        "suggestions": [{"phrase": "boat race", "count": 2}, {"phrase": "red boat", "count": 1}]
    }


def test_facets_are_as_many_as_wished(client: httpx.Client) -> None:
    answer = client.get("/api/facets", params={"q": "boat", "limit": "2"}).json()

    assert answer == {
        "total": 3,
        "keyphrases": [
            {"phrase": "boat race", "count": 2},
            {"phrase": "harbour", "count": 2},
        ],
    }


def test_related_keyphrases_tell_posts_from_others(client: httpx.Client) -> None:
    answer = client.get("/api/related", params={"q": "boat", "limit": "1"}).json()

    share, usual = 2 / 3, 2 / 6
    significance = pytest.approx((share - usual) * share / usual)
    assert answer["related"] == [{"phrase": "boat race", "count": 2, "significance": significance}]


@pytest.mark.parametrize("id", ["a/b?c=d&e#f ü", "p1"])
def test_a_post_is_found_by_any_id(client: httpx.Client, id: str) -> None:
    answer = client.get("/api/post", params={"id": id}).json()

    assert answer["id"] == id
    assert answer["extra"] == {}


def test_a_post_has_all_of_its_text_and_fields(client: httpx.Client) -> None:
    answer = client.get("/api/post", params={"id": "long"}).json()

    assert answer["text"] == "endless " * 5_000
    assert answer["extra"] == {"number": 10**30, "list": [1, {"two": None}]}


def test_texts_in_a_list_are_cut(client: httpx.Client) -> None:
    found = client.get("/api/search", params={"q": "endless"}).json()["hits"]

    assert len(found[0]["text"]) == 2_000
    assert found[0]["text_cut"] is True
    short = client.get("/api/search", params={"q": "race"}).json()["hits"]
    assert "text_cut" not in short[0]


def test_similar_posts_are_others(client: httpx.Client) -> None:
    assert "p1" not in ids(client.get("/api/similar", params={"id": "p1"}))
    assert ids(client.get("/api/similar", params={"id": "p3", "limit": "1"}))


@pytest.mark.parametrize("route", ["post", "similar", "thumbnail"])
def test_a_post_that_is_not_there_is_not_found(client: httpx.Client, route: str) -> None:
    answer = client.get(f"/api/{route}", params={"id": "nobody"})

    assert answer.status_code == 404
    assert "there is no" in message_of(answer)


def test_hostile_text_comes_back_as_json_text(client: httpx.Client) -> None:
    answer = client.get("/api/search", params={"q": "script", "facets": "true"})

    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    (hit,) = answer.json()["hits"]
    assert hit["text"] == HOSTILE
    assert "<script" not in hit["highlight"].replace("<mark>", "").replace("</mark>", "")


@pytest.mark.parametrize(
    ("route", "parameters", "words"),
    [
        ("search", {"limit": "1001"}, "limit"),
        ("search", {"limit": "-1"}, "limit"),
        ("search", {"limit": "9" * 5_000}, "limit"),
        ("search", {"limit": "many"}, "limit"),
        ("search", {"q": "x" * 4_001}, "q"),
        ("search", {"phrase": ["x"] * 21}, "phrase"),
        ("search", {"phrase": "x" * 501}, "phrase"),
        ("search", {"phrase": " "}, "phrase"),
        ("search", {"since": "yesterday"}, "is not a date"),
        ("search", {"since": "9" * 41}, "since"),
        ("search", {"after": "nowhere"}, "the place to go on from"),
        ("search", {"after": "x" * 2_001}, "after"),
        ("search", {"facets": "perhaps"}, "facets"),
        ("search", {"facet": "true"}, "there is no parameter 'facet'"),
        ("suggest", {"q": "x" * 201}, "q"),
        ("suggest", {"limit": "101"}, "limit"),
        ("facets", {"limit": "101"}, "limit"),
        ("related", {"limit": "101"}, "limit"),
        ("post", {}, "id"),
        ("post", {"id": "x" * 513}, "id"),
        ("similar", {"id": "p1", "limit": "101"}, "limit"),
        ("thumbnail", {"id": "p1", "size": "161"}, "size"),
    ],
)
def test_wrong_parameters_are_told(
    client: httpx.Client, route: str, parameters: dict[str, str], words: str
) -> None:
    answer = client.get(f"/api/{route}", params=parameters)

    assert answer.status_code == 400
    assert words in message_of(answer)


@pytest.mark.parametrize("route", ["search", "facets", "related"])
def test_an_error_in_a_query_tells_its_place(client: httpx.Client, route: str) -> None:
    answer = client.get(f"/api/{route}", params={"q": "boat (key:cat"})

    assert answer.status_code == 400
    assert "never closed" in message_of(answer)
    assert (answer.json()["error"]["start"], answer.json()["error"]["end"]) == (5, 6)


@pytest.mark.parametrize(
    "place",
    [
        '[1e400, "p1", 1]',
        f'[1{"0" * 400}, "p1", 1]',
        r'[1, "\ud800", 1]',
        '[1, "p1", 1000000000000]',
        '[true, "p1", 1]',
        '["1", "p1", 1]',
        "[" * 1_400,
    ],
)
def test_a_forged_place_is_refused(client: httpx.Client, place: str) -> None:
    after = base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")
    answer = client.get("/api/search", params={"after": after})

    assert answer.status_code == 400
    assert "place" in message_of(answer)


def test_what_is_not_there_is_told_as_json(client: httpx.Client) -> None:
    assert client.get("/api/nothing").status_code == 404
    assert "nothing at this address" in message_of(client.get("/api/nothing"))
    refused = client.put("/api/search")
    assert refused.status_code == 405
    assert "method" in message_of(refused)


@pytest.mark.parametrize(
    "path", ["/static/%00", "/static/../app.py", "/static/%2e%2e/app.py", "/static/" + "x" * 5_000]
)
def test_nothing_but_the_page_is_served_from_disk(client: httpx.Client, path: str) -> None:
    answer = client.get(path)

    assert answer.status_code in (400, 404)
    message_of(answer)


def test_head_answers_as_get_does_without_content(client: httpx.Client) -> None:
    for path in ("/api/search?q=boat&limit=1", "/health", "/", "/openapi.json"):
        got, head = client.get(path), client.head(path)
        assert (head.status_code, head.content) == (got.status_code, b"")
        assert head.headers["content-type"] == got.headers["content-type"]
    assert client.head("/api/post?id=nobody").status_code == 404


def test_large_answers_are_compressed(client: httpx.Client) -> None:
    large = client.get("/api/post", params={"id": "long"})
    small = client.get("/api/post", params={"id": "p1"})

    assert large.headers["content-encoding"] == "gzip"
    assert int(large.headers["content-length"]) < 5_000
    assert "content-encoding" not in small.headers
