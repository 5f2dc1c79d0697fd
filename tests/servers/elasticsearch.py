"""A real Elasticsearch 8.12.2 for tests that ask for the fixture `elasticsearch`.

`ELASTICSEARCH_URL` takes precedence. Without either the tests are skipped, loudly; with
`REQUIRE_ELASTICSEARCH=1` they fail. A test that kills the server asks for `own_elasticsearch`.

A test whose parameters decide whether it needs the server is marked `elasticsearch`. Where the
tests run in several processes there is one server for all of them, which the first process has.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn

import pytest

from indexer.index.elastic import server as elastic_server
from tests.servers.elasticsearch_files import UnavailableError
from tests.servers.elasticsearch_process import ElasticsearchProcess, wait_for_answer


@dataclass
class _Server:
    """One server for the session: started when the tests are collected, awaited when needed."""

    url: str = ""
    process: ElasticsearchProcess | None = None
    problem: str = ""
    skipped: dict[str, str] = field(default_factory=dict)
    """Tests, and why they were."""

    def start(self) -> None:
        """Begins to start; the minute that it takes overlaps with other tests."""
        try:
            if os.environ.get("ELASTICSEARCH_URL"):
                self.url = os.environ["ELASTICSEARCH_URL"].rstrip("/")
                return
            self.process = ElasticsearchProcess()
            self.url = self.process.url
            self.process.start()
        except (UnavailableError, OSError, subprocess.SubprocessError) as error:
            self.problem = _told(error)

    def wait(self) -> None:
        """Until the server answers; `problem` is set if it does not."""
        if self.problem:
            return
        try:
            self.process.wait() if self.process else wait_for_answer(self.url)
        except UnavailableError as error:
            self.problem = _told(error)

    def stop(self) -> None:
        if self.process is not None:
            self.process.remove()


_SERVER = pytest.StashKey[_Server]()
_SHARED = "elasticsearch"
"""What a process of the tests is told of the server that another has started."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "elasticsearch: needs the Elasticsearch server")
    config.stash[_SERVER] = _Server()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    server = node.config.stash[_SERVER]
    if not (server.url or server.problem):
        server.start()
    node.workerinput[_SHARED] = (server.url, server.problem)


def pytest_collection_finish(session: pytest.Session) -> None:
    if shared := getattr(session.config, "workerinput", {}).get(_SHARED):
        server = session.config.stash[_SERVER]
        server.url, server.problem = shared
        return
    needed = any(
        "elasticsearch" in getattr(item, "fixturenames", ())
        or item.get_closest_marker("elasticsearch")
        for item in session.items
    )
    if needed and not session.config.option.collectonly:
        session.config.stash[_SERVER].start()


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[_SERVER].stop()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    server = terminalreporter.config.stash[_SERVER]
    if server.skipped or server.problem:
        terminalreporter.section("ELASTICSEARCH WAS NOT TESTED", sep="!", red=True, bold=True)
        why = "; ".join(sorted({*server.skipped.values()} or {server.problem}))
        terminalreporter.line(f"tests of it were skipped: {why}")


@pytest.fixture(scope="session")
def elasticsearch(request: pytest.FixtureRequest) -> str:
    """URL of the server, `http://127.0.0.1:PORT`, without credentials."""
    server = request.config.stash[_SERVER]
    server.wait()
    if server.problem:
        _give_up(request, server.problem)
    # It shares two cores with the tests, and nobody waits for their searches.
    elastic_server._WAITED_FOR_SECONDS = elastic_server._FIRST_SECONDS = 60.0
    return server.url


@pytest.fixture
def own_elasticsearch(request: pytest.FixtureRequest) -> Iterator[ElasticsearchProcess]:
    """A server that is the test's own, running and empty."""
    with _running(request) as process:
        yield process


@contextmanager
def secure_elasticsearch(request: pytest.FixtureRequest, password: str) -> Iterator[str]:
    """URL of a server with security on; `password` is that of the user `elastic`."""
    with _running(request, password) as process:
        yield process.url


@contextmanager
def _running(
    request: pytest.FixtureRequest, password: str | None = None
) -> Iterator[ElasticsearchProcess]:
    try:
        process = ElasticsearchProcess(password)
    except (UnavailableError, OSError, subprocess.SubprocessError) as error:
        _give_up(request, _told(error))
    try:
        process.start()
        process.wait()
        yield process
    except UnavailableError as error:
        _give_up(request, _told(error))
    finally:
        process.remove()


def _give_up(request: pytest.FixtureRequest, problem: str) -> NoReturn:
    if os.environ.get("REQUIRE_ELASTICSEARCH") == "1":
        pytest.fail(f"Elasticsearch is required and cannot be had: {problem}")
    request.config.stash[_SERVER].skipped[request.node.nodeid] = problem
    pytest.skip(f"Elasticsearch cannot be had: {problem}")


def _told(error: Exception) -> str:
    return str(error) if isinstance(error, UnavailableError) else f"{type(error).__name__}: {error}"
