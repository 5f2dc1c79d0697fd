"""The number of model actors follows a cluster that grows, from nothing on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.accounting import assert_accounted_for
from tests.faults.some_posts import some_posts
from tests.servers.growing_cluster import growing_cluster

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def joining(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a driver that joins a cluster without any GPU, yet."""
    folder = tmp_path_factory.mktemp("cluster")
    with growing_cluster(folder, head_cpus=2, worker={"CPU": 1, "GPU": 1}, most=2) as joining:
        yield joining


def run(surroundings: dict[str, str], *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.indexer.cluster.growing_run", *map(str, arguments)],
        env=os.environ | surroundings,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def test_machines_come_for_a_run_and_its_actors_go_where_they_are(
    tmp_path: Path, store: str, joining: dict[str, str]
) -> None:
    posts = some_posts(tmp_path / "dump", 400)
    index = f"embedded:{tmp_path / 'index'}"
    done = run(joining, posts.folder, index, store)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert "waits until one comes" in told["warnings"][0]
    assert told["machines"] >= 2
    # More than two where a machine went, for want of posts on a busy computer, and another came.
    assert told["models"] >= 2, "the actors did not follow the cluster"
    assert_accounted_for(posts, index, done.stdout)


def test_who_lacks_the_token_of_a_cluster_is_told_how_to_give_it(
    tmp_path: Path, store: str, joining: dict[str, str]
) -> None:
    posts = some_posts(tmp_path / "dump", 1)
    index = f"embedded:{tmp_path / 'index'}"
    address = {"RAY_ADDRESS": joining["RAY_ADDRESS"], "RAY_AUTH_MODE": "disabled"}
    refused = run(address, posts.folder, index, store)
    assert refused.returncode == 1
    assert "set RAY_AUTH_MODE=token, and RAY_AUTH_TOKEN_PATH" in refused.stderr.splitlines()[-1]
