"""`keyphrases serve`, run as a shell runs it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from indexer.index.location import open_index
from tests.indexer.index.samples import BUILD, document
from tests.keyphrases.conftest import run_keyphrases
from tests.keyphrases.processes import start
from tests.sample_pictures import encoded, plain

KEY = "a-key-of-the-tests-0123456789"


@pytest.fixture(scope="module")
def location(tmp_path_factory: pytest.TempPathFactory) -> str:
    index = open_index(f"embedded:{tmp_path_factory.mktemp('served') / 'index'}")
    with index.lock("first"):
        index.begin(BUILD)
        index.write([document("p1", "a red boat")])
    index.close()
    return index.location


@contextmanager
def serving(*arguments: object) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server at a free port, and its URL."""
    process = start("serve", *arguments, "--port", 0)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("http://"), process.communicate()
        yield process, line.split()[0]
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_answers_until_it_is_told_to_stop(location: str, number: signal.Signals) -> None:
    with serving("--index", location) as (process, url):
        answer = httpx.get(f"{url}/api/search", params={"q": "boat"}, timeout=60)
        assert answer.json()["total"] == 1
        assert "<html" in httpx.get(url, timeout=60).text

        process.send_signal(number)
        printed, log = process.communicate(timeout=60)

    assert process.returncode == 0, log
    assert printed == ""
    # Keyphrases that are still being read for suggestions may be told of, too.
    lines = [line for line in map(json.loads, log.splitlines()) if "route" in line]
    assert [(line["route"], line["status"]) for line in lines] == [("/api/search", 200), ("/", 200)]


def test_a_port_that_is_in_use_is_told(location: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert_refused(run_keyphrases("serve", "--index", location, "--port", port), str(port))


def test_an_index_that_is_not_there_is_told(tmp_path: Path) -> None:
    missing = f"embedded:{tmp_path / 'none'}"
    assert_refused(run_keyphrases("serve", "--index", missing), missing, "keyphrases index")


def test_an_address_of_another_machine_is_told(location: str) -> None:
    env = os.environ | {"KEYPHRASES_API_KEY": KEY}
    done = run_keyphrases("serve", "--index", location, "--host", "192.0.2.1", env=env)
    assert_refused(done, "192.0.2.1", "--host")


@pytest.mark.parametrize("key", [None, "", "short"])
def test_others_may_not_ask_without_a_good_key(location: str, key: str | None) -> None:
    env = {name: value for name, value in os.environ.items() if name != "KEYPHRASES_API_KEY"}
    env |= {} if key is None else {"KEYPHRASES_API_KEY": key}
    done = run_keyphrases("serve", "--index", location, "--host", "0.0.0.0", env=env)  # noqa: S104
    assert_refused(done, "KEYPHRASES_API_KEY")


def test_others_may_ask_with_the_key(location: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYPHRASES_API_KEY", KEY)
    with serving("--index", location, "--host", "0.0.0.0") as (process, url):  # noqa: S104
        url = url.replace("0.0.0.0", "127.0.0.1")  # noqa: S104
        headers = {"Host": "search.example.com"}
        assert httpx.get(f"{url}/api/search", headers=headers, timeout=60).status_code == 401
        headers["X-API-Key"] = KEY
        answer = httpx.get(f"{url}/api/search", headers=headers, timeout=60)
        assert answer.json()["total"] == 1
        process.terminate()
        _, log = process.communicate(timeout=60)
    assert process.returncode == 0
    assert KEY not in log


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--allow-origin", "*"), "origin"),
        (("--port", "70000"), "--port"),
        (("--host", "no such host"), "--host"),
    ],
)
def test_wrong_arguments_are_told(
    location: str, arguments: tuple[str, ...], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYPHRASES_API_KEY", KEY)
    assert_refused(run_keyphrases("serve", "--index", location, *arguments), words)


def assert_refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert done.stderr.startswith("keyphrases: ")
    for word in words:
        assert word in done.stderr
    assert not done.stdout


def test_a_dump_gives_the_pictures_of_posts(tmp_path: Path) -> None:
    dump = tmp_path / "dump"
    dump.mkdir()
    (dump / "p1.png").write_bytes(encoded(plain()))
    (dump / "posts.jsonl").write_text('{"id": "p1", "image_uri": "p1.png"}\n')
    index = open_index(f"embedded:{tmp_path / 'index'}")
    with index.lock("first"):
        index.begin(BUILD)
        index.write([document("p1", "a red boat", has_picture=True)])
    index.close()

    with serving("--index", index.location, "--dump", dump) as (_, url):
        answer = httpx.get(f"{url}/api/thumbnail", params={"id": "p1", "size": 160}, timeout=30)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/webp"


def test_a_dump_that_is_none_is_refused(location: str, tmp_path: Path) -> None:
    done = run_keyphrases("serve", "--index", location, "--dump", tmp_path / "nowhere")
    assert_refused(done, "no posts")
