"""Indexes of both engines, runs that do not outlive their test, and the store of tiny models."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from tests.faults.runs import Start
from tests.indexer.conftest import store
from tests.keyphrases.processes import start

__all__ = ["store"]


@pytest.fixture
def elastic_location(elasticsearch: str) -> Iterator[str]:
    """Location of an index on the server of all tests, which is removed afterwards."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    yield f"{elasticsearch}/{name}"
    with Elasticsearch(elasticsearch, request_timeout=120) as client:
        if names := list(client.indices.get(index=f"{name}*", features="aliases")):
            client.indices.delete(index=names)
        for kind in ("documents", "dead"):
            client.options(ignore_status=404).indices.delete_index_template(
                name=f"keyphrases-{name}-{kind}"
            )


@pytest.fixture(params=["embedded", pytest.param("elasticsearch", marks=pytest.mark.elasticsearch)])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of an index that is not there yet."""
    if request.param == "embedded":
        return f"embedded:{tmp_path / 'index'}"
    return str(request.getfixturevalue("elastic_location"))


@pytest.fixture
def start_run() -> Iterator[Start]:
    """Starts the program; what runs still at the end of the test is killed."""
    started: list[subprocess.Popen[str]] = []

    def start_one(*arguments: object) -> subprocess.Popen[str]:
        started.append(start(*arguments))
        return started[-1]

    yield start_one
    for process in started:
        if process.poll() is None:
            process.kill()
            process.communicate()
