"""A rebuild is killed in the middle, and the same command is run again."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.index.location import open_index
from indexer.index.records import IndexVersion
from indexer.job import IndexJob
from indexer.run import index_dump
from tests.faults.accounting import assert_accounted_for, read_contents
from tests.faults.runs import Start, assert_gone, kill
from tests.faults.some_posts import some_posts
from tests.indexer.stand_in import Silent
from tests.keyphrases.conftest import run_keyphrases
from tests.keyphrases.processes import wait_until

pytestmark = [
    pytest.mark.faults,
    pytest.mark.timeout(600),
    pytest.mark.usefixtures("ray_session"),
]

POSTS = 600


def versions(location: str) -> list[IndexVersion]:
    index = open_index(location)
    try:
        return index.versions()
    finally:
        index.close()


def rebuilt(location: str) -> int:
    """Documents in the second version."""
    return sum(one.documents for one in versions(location) if one.number == 2)


def test_a_killed_rebuild_goes_on_with_its_own_version_and_searches_see_the_old_one_meanwhile(
    store: str, start_run: Start, tmp_path: Path
) -> None:
    location = f"embedded:{tmp_path / 'index'}"
    posts = some_posts(tmp_path / "dump", POSTS, padding=50_000)
    common = {"dump": str(posts.folder), "index": location, "store": store}
    # Without keyphrases, which the gate would miss in those that a random model gives.
    index_dump(IndexJob(**common, model="tiny@1"), load=Silent)
    before = read_contents(location)

    command = (
        *("index", posts.folder, "--index", location, "--store", store),
        *("--model", "tiny@2", "--rebuild"),
    )
    run = start_run(*command)
    wait_until(lambda: rebuilt(location) > 0, run)
    assert_gone(kill(run))
    first, second = versions(location)
    assert (first.status, second.status) == ("live", "unfinished")
    assert 0 < second.documents < POSTS, "the kill came too late to show anything"
    assert read_contents(location) == before

    done = run_keyphrases(*command)
    assert done.returncode == 0, done.stderr
    summary = assert_accounted_for(posts, location, done.stdout)
    assert (summary["unchanged"], summary["generated"]) == (
        second.documents,
        POSTS - second.documents,
    )
    after = versions(location)
    assert [(one.number, one.status) for one in after] == [(1, "previous"), (2, "live")]
    assert after[1].build.model == "tiny@2"
