"""An index of each engine, new and empty for every test that asks for `location` or `index`."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from indexer.index.location import open_index
from indexer.index.protocol import Index
from indexer.index.records import Build
from tests.indexer.index.samples import BUILD

_PREFIX = f"test-{uuid.uuid4().hex[:12]}"
_numbers = itertools.count()

ENGINES = ["embedded", pytest.param("elasticsearch", marks=pytest.mark.elasticsearch)]


@pytest.fixture(scope="package")
def used_servers() -> Iterator[set[str]]:
    """Servers that tests have written to; what they wrote there is removed at the end."""
    urls: set[str] = set()
    yield urls
    for url in urls:
        client = Elasticsearch(url, request_timeout=120)
        names = list(client.indices.get(index=f"{_PREFIX}*", features="aliases"))
        # All of them in one request would be a longer line than the server takes.
        for start in range(0, len(names), 50):
            client.indices.delete(index=names[start : start + 50])
        for kind in ("documents", "dead"):
            client.options(ignore_status=404).indices.delete_index_template(
                name=f"keyphrases-{_PREFIX}-*-{kind}"
            )
        client.close()


@pytest.fixture(scope="package")
def new_elastic_location(elasticsearch: str, used_servers: set[str]) -> Callable[[], str]:
    """Gives locations of indexes that are not there yet."""
    used_servers.add(elasticsearch)
    return lambda: f"{elasticsearch}/{_PREFIX}-{next(_numbers)}"


@pytest.fixture
def elastic_location(new_elastic_location: Callable[[], str]) -> str:
    """Location of an index that is not there yet."""
    return new_elastic_location()


@pytest.fixture(params=ENGINES)
def location(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "embedded":
        return f"embedded:{tmp_path / 'index'}"
    return str(request.getfixturevalue("elastic_location"))


@pytest.fixture
def index(location: str) -> Iterator[Index]:
    """An index that a run has begun to write."""
    index = open_index(location)
    with index.lock("first"):
        index.begin(BUILD)
        yield index
    index.close()


@pytest.fixture(scope="module", params=ENGINES)
def shared_index(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Index]:
    """One for all tests of a file, which fill it once and only read it after that."""
    with begun_index(request, tmp_path_factory, BUILD) as index:
        yield index


@contextmanager
def begun_index(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, build: Build
) -> Iterator[Index]:
    """An index of the engine that is the parameter of a fixture for a whole file."""
    if request.param == "embedded":
        location = f"embedded:{tmp_path_factory.mktemp('shared') / 'index'}"
    else:
        location = request.getfixturevalue("new_elastic_location")()
    index = open_index(location)
    with index.lock("first"):
        index.begin(build)
        yield index
    index.close()
