"""Real servers for benchmarks: those that the environment names, or the ones of the tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from tests.servers.elasticsearch_process import ElasticsearchProcess
from tests.servers.s3 import seaweed


@contextmanager
def elasticsearch() -> Iterator[str]:
    """URL of an Elasticsearch: ELASTICSEARCH_URL or, without, one that lives as long as this."""
    if url := os.environ.get("ELASTICSEARCH_URL"):
        yield url.rstrip("/")
        return
    process = ElasticsearchProcess(measured=True)
    try:
        process.start()
        process.wait()
        yield process.url
    finally:
        process.remove()


@contextmanager
def s3_bucket(folder: Path) -> Iterator[str]:
    """`s3://` of an empty bucket on a SeaweedFS that keeps its files in a folder."""
    folder.mkdir(parents=True)
    with seaweed(folder) as server, patch.dict(os.environ, server.environment):
        yield f"s3://{server.bucket()}"
