"""What only the Elasticsearch engine has: a server that fails, refuses or is none."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest
from elasticsearch import Elasticsearch

from indexer.index.elastic.index import ElasticIndex
from indexer.index.location import open_index
from indexer.index.query import Query
from posts.errors import InputError, JobError
from tests.indexer.index.samples import BUILD, document, letter
from tests.servers.elastic_proxy import Answer, Forward, elastic_proxy

Fault = Callable[[str, str, Answer], Answer]
"""Method, path and the server's answer to what the client shall see instead."""


def proxy(target: str, fault: Fault) -> AbstractContextManager[str]:
    """URL of a server that passes everything on to the target and its answers through `fault`."""

    def handle(method: str, path: str, body: bytes, forward: Forward) -> Answer:
        return fault(method, path, forward(body))

    return elastic_proxy(target, handle)


def through(elastic_location: str, url: str, patience: float = 30) -> ElasticIndex:
    """The index at the location, reached by way of another URL."""
    return ElasticIndex(elastic_location, url, urlsplit(elastic_location).path[1:], patience)


def server_of(location: str) -> str:
    return location.rpartition("/")[0]


@pytest.mark.parametrize("status", [429, 503])
def test_items_that_the_server_is_too_busy_for_are_sent_again(
    elastic_location: str, status: int
) -> None:
    sent: list[int] = []

    def busy(method: str, path: str, answer: Answer) -> Answer:
        """The first answer to a bulk request says that every second item was not taken."""
        if path.startswith("/_bulk"):
            sent.append(len(answer[1]["items"]))
            if len(sent) == 1:
                for item in answer[1]["items"][::2]:
                    error = {"type": "es_rejected_execution_exception", "reason": "queue full"}
                    item["index"] = {"status": status, "error": error}
        return answer

    with proxy(server_of(elastic_location), busy) as url:
        index = through(elastic_location, url)
        index.begin(BUILD)
        assert index.write([document(f"p{n}") for n in range(10)]) == {}
        assert sent == [10, 5]
        assert index.count() == 10


def test_a_request_that_fails_as_a_whole_is_sent_again(elastic_location: str) -> None:
    failures = iter([502, 503, 504, 429])

    def flaky(method: str, path: str, answer: Answer) -> Answer:
        status = next(failures, None) if path.startswith(("/_bulk", "/_mget")) else None
        return answer if status is None else (status, {})

    with proxy(server_of(elastic_location), flaky) as url:
        index = through(elastic_location, url)
        index.begin(BUILD)
        assert index.write([document("p1")]) == {}
        assert set(index.held(["p1"])) == {"p1"}
    assert next(failures, None) is None


def test_a_lookup_waits_for_a_shard_that_moves(elastic_location: str) -> None:
    """The answer is HTTP 200 then, with errors for single documents."""
    troubles = iter(range(2))

    def moving(method: str, path: str, answer: Answer) -> Answer:
        if "/_mget" in path and next(troubles, None) is not None:
            error = {"type": "no_shard_available_action_exception", "reason": "No shard"}
            for found in answer[1]["docs"][1:]:
                found |= {"error": error}
                del found["found"]
        return answer

    with proxy(server_of(elastic_location), moving) as url:
        index = through(elastic_location, url)
        index.begin(BUILD)
        index.write([document("p1"), document("p2")])
        assert set(index.held(["p1", "p2", "p3"])) == {"p1", "p2"}
        assert next(troubles, None) is None
        troubles = iter(range(1_000))
        with pytest.raises(JobError, match=r"cannot answer for now \(no_shard.*run again"):
            through(elastic_location, url, patience=1).held(["p1", "p2"])


def test_a_version_that_is_deleted_during_a_run_ends_it(elastic_location: str) -> None:
    index = open_index(elastic_location)
    index.begin(BUILD)
    client = Elasticsearch(server_of(elastic_location))
    name = urlsplit(elastic_location).path[1:]
    client.indices.delete(index=f"{name}-000001")
    with pytest.raises(JobError, match=f"does not have the index {name}-000001 any more"):
        index.held(["p1"])
    for write in (
        lambda: index.write([document("p1")]),
        lambda: index.write(letters=[letter("p1", replaces=True)]),
    ):
        with pytest.raises(JobError, match=r"does not take documents \(index_not_found"):
            write()
    assert not client.indices.exists(index=f"{name}-000001")


def test_dead_letters_that_someone_deleted_do_not_end_a_run(elastic_location: str) -> None:
    index = open_index(elastic_location)
    index.begin(BUILD)
    client = Elasticsearch(server_of(elastic_location))
    client.indices.delete(index=f"{urlsplit(elastic_location).path[1:]}-dead")
    assert index.dead(["p1"]) == {}
    assert index.write(letters=[letter("p1")]) == {}
    assert set(index.dead(["p1"])) == {"p1"}


def test_one_document_that_the_server_refuses_does_not_cost_the_others(
    elastic_location: str,
) -> None:
    def refuse(method: str, path: str, answer: Answer) -> Answer:
        for item in answer[1].get("items", []) if path.startswith("/_bulk") else []:
            if item["index"]["status"] == 200:
                error = {"type": "document_parsing_exception", "reason": "no " * 200}
                item["index"] = {"status": 400, "error": error}
        return answer

    with proxy(server_of(elastic_location), refuse) as url:
        index = through(elastic_location, url)
        index.begin(BUILD)
        index.write([document("p1")])
        refused = index.write([document("p1"), document("p2")])
    assert list(refused) == ["p1"]
    assert refused["p1"].startswith("document_parsing_exception: no no")
    assert len(refused["p1"]) < 250


def test_a_server_that_never_takes_a_document_ends_the_run(elastic_location: str) -> None:
    def full(method: str, path: str, answer: Answer) -> Answer:
        for item in answer[1].get("items", []) if path.startswith("/_bulk") else []:
            item["index"] = {"status": 429, "error": {"type": "busy", "reason": "flood stage"}}
        return answer

    with proxy(server_of(elastic_location), full) as url:
        index = through(elastic_location, url, patience=1)
        index.begin(BUILD)
        with pytest.raises(JobError, match=r"has not taken 1 documents.*flood stage.*run again"):
            index.write([document("p1")])


def test_a_blocked_index_ends_the_run_and_makes_no_dead_letters(elastic_location: str) -> None:
    index = open_index(elastic_location)
    index.begin(BUILD)
    client = Elasticsearch(server_of(elastic_location))
    name = urlsplit(elastic_location).path[1:]
    client.indices.put_settings(index=f"{name}-000001", settings={"index.blocks.write": True})
    with pytest.raises(JobError, match="does not take documents"):
        index.write([document("p1")])
    with pytest.raises(InputError, match="blocked for writing"):
        index.check()


def test_a_server_that_goes_away_ends_the_run_when_the_patience_does(
    elastic_location: str,
) -> None:
    with proxy(server_of(elastic_location), lambda method, path, answer: answer) as url:
        index = through(elastic_location, url, patience=1)
        index.begin(BUILD)
    for action in (lambda: index.write([document("p1")]), lambda: index.held(["p1"])):
        with pytest.raises(JobError, match=r"cannot be reached.*run again"):
            action()


def test_a_server_that_is_not_there_is_an_input_error() -> None:
    index = open_index("http://127.0.0.1:9/posts")
    for action in (index.check, index.live, lambda: index.reader.search(Query(words="cat"))):
        with pytest.raises(InputError, match=r"http://127\.0\.0\.1:9 cannot be reached"):
            action()
    with pytest.raises(InputError, match="cannot be reached"), index.lock("first"):
        pass


@pytest.mark.parametrize(
    ("status", "content", "message"),
    [
        (401, {"error": {"type": "security_exception"}}, "ELASTICSEARCH_API_KEY"),
        (403, {"error": {"type": "security_exception"}}, "does not permit"),
        (406, {}, "use Elasticsearch 8.4 or later"),
        (200, {"version": {"number": "7.17.0"}}, "use version 8.4 or later, or 9"),
        (200, {"version": {"number": "8.3.3"}}, "use version 8.4 or later, or 9"),
    ],
)
def test_a_server_that_refuses_us_says_how_to_mend_it(
    elastic_location: str,
    status: int,
    content: dict[str, Any],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ELASTICSEARCH_USERNAME", "someone")
    monkeypatch.setenv("ELASTICSEARCH_PASSWORD", "a secret")
    with (
        proxy(server_of(elastic_location), lambda *request: (status, content)) as url,
        pytest.raises(InputError, match=message) as caught,
    ):
        through(elastic_location, url).check()
    assert "a secret" not in str(caught.value)


def test_a_server_that_is_no_elasticsearch_is_refused() -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"hello")

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with pytest.raises(InputError, match=r"not Elasticsearch|cannot be read"):
        open_index(f"http://127.0.0.1:{server.server_port}/posts").check()
    server.shutdown()
    server.server_close()


def test_an_index_that_someone_else_made_is_refused(elastic_location: str) -> None:
    client = Elasticsearch(server_of(elastic_location))
    name = urlsplit(elastic_location).path[1:]
    client.indices.create(index=name)
    with pytest.raises(InputError, match="not an alias"):
        open_index(elastic_location).begin(BUILD)
    client.indices.delete(index=name)
    client.indices.create(index=f"{name}-foreign", aliases={name: {}})
    with pytest.raises(InputError, match="did not make"):
        open_index(elastic_location).check()


def test_the_lock_of_a_dead_run_expires(elastic_location: str) -> None:
    index = open_index(elastic_location)
    client = Elasticsearch(server_of(elastic_location))
    lock = {"index": "keyphrases-locks", "id": urlsplit(elastic_location).path[1:]}
    with index.lock("alive"):
        taken = client.get(**lock)["_source"]
    assert not client.exists(**lock)
    client.index(**lock, document=taken | {"run": "fresh", "at": int(time.time() * 1000)})
    with pytest.raises(InputError, match="run fresh is writing"), index.lock("next"):
        pass
    client.index(**lock, document=taken | {"run": "dead", "at": int(time.time() * 1000) - 61_000})
    with index.lock("next"):
        assert client.get(**lock)["_source"]["run"] == "next"


def test_a_run_that_lost_its_lock_writes_no_more(
    elastic_location: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.index.elastic.lock._HEARTBEAT_SECONDS", 0.1)
    index = open_index(elastic_location)
    index.begin(BUILD)
    client = Elasticsearch(server_of(elastic_location))
    lock = {"index": "keyphrases-locks", "id": urlsplit(elastic_location).path[1:]}

    def write_while_a_thief_takes_the_lock() -> None:
        taken = client.get(**lock)["_source"]
        thief = taken | {"token": "other", "run": "thief", "at": int(time.time() * 1000)}
        client.index(**lock, document=thief)
        for _ in range(100):
            time.sleep(0.1)
            index.write([document("p1")])

    with pytest.raises(JobError, match="took the index"), index.lock("slow"):
        write_while_a_thief_takes_the_lock()
    assert client.get(**lock)["_source"]["run"] == "thief"


def test_large_batches_are_cut_and_large_documents_go_alone(
    elastic_location: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.index.elastic.bulk._CHUNK_BYTES", 20_000)
    sizes: list[int] = []

    def watch(method: str, path: str, answer: Answer) -> Answer:
        if path.startswith("/_bulk"):
            sizes.append(len(answer[1]["items"]))
        return answer

    with proxy(server_of(elastic_location), watch) as url:
        index = through(elastic_location, url)
        index.begin(BUILD)
        texts = ["word " * 2_500] * 3 + ["word " * 5_000] + ["short"] * 4
        assert index.write([document(f"p{n}", text) for n, text in enumerate(texts)]) == {}
        assert index.count() == len(texts)
    assert sizes == [1, 1, 1, 1, 4]


def test_a_version_is_filled_without_refreshes_and_copies_and_searched_with_them(
    elastic_location: str,
) -> None:
    name = urlsplit(elastic_location).path[1:]
    client = Elasticsearch(server_of(elastic_location))

    def settings() -> dict[str, str]:
        index = f"{name}-000002"
        answer = client.indices.get_settings(index=index, flat_settings=True)
        found: dict[str, str] = answer[index]["settings"]
        return {key.removeprefix("index."): value for key, value in found.items()}

    index = open_index(elastic_location)
    index.begin(BUILD)
    index.write(letters=[letter("p1")])
    index.begin(BUILD, rebuild=True)
    assert settings()["refresh_interval"] == "-1"
    assert settings()["auto_expand_replicas"] == "false"
    assert settings()["number_of_replicas"] == "0"
    index.promote()
    assert "refresh_interval" not in settings()
    assert settings()["auto_expand_replicas"] == "0-1"
    assert set(client.indices.get(index=f"{name}-*")) == {
        *(f"{name}-000001", f"{name}-000002", f"{name}-dead")
    }
    index.close()
    client.close()
