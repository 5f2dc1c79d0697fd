"""`keyphrases indexes`, as a shell runs it."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from indexer.index.location import open_index
from tests.indexer.index.samples import BUILD, OTHER_BUILD, document
from tests.keyphrases.conftest import Keyphrases

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def location(tmp_path: Path) -> str:
    """An index whose second version is live, and whose third is unfinished."""
    location = f"embedded:{tmp_path / 'index'}"
    index = open_index(location)
    with index.lock("first"):
        index.begin(BUILD)
        index.finish()
        index.begin(OTHER_BUILD, rebuild=True)
        index.write([document("p1"), document("p2")])
        index.finish()
        index.promote()
        index.begin(OTHER_BUILD, rebuild=True)
    index.close()
    return location


def listed(keyphrases: Keyphrases, location: str) -> dict[int, str]:
    done = keyphrases("indexes", "list", "--index", location, "--json")
    assert done.returncode == 0, done.stderr
    return {row["version"]: row["status"] for row in json.loads(done.stdout)}


def test_versions_are_listed_for_people_and_for_machines(
    keyphrases: Keyphrases, location: str
) -> None:
    shown = keyphrases("indexes", "list", "--index", location).stdout
    for word in ("live", "previous", "unfinished", "cats@1", "cats@2"):
        assert word in shown
    rows = json.loads(keyphrases("indexes", "list", "--index", location, "--json").stdout)
    assert [row["documents"] for row in rows] == [0, 2, 0]
    assert rows[1].keys() == {
        *("version", "status", "documents", "model", "digest", "finished", "promoted")
    }
    finished, promoted = (datetime.fromisoformat(rows[1][it]) for it in ("finished", "promoted"))
    assert finished <= promoted
    assert rows[2]["finished"] is None


def test_versions_are_rolled_back_promoted_and_removed(
    keyphrases: Keyphrases, location: str
) -> None:
    done = keyphrases("indexes", "rollback", "--index", location)
    assert done.stdout.strip() == f"version 1 of {location} is live again"
    assert listed(keyphrases, location) == {1: "live", 2: "previous", 3: "unfinished"}
    assert keyphrases("indexes", "promote", 2, "--index", location).returncode == 0
    done = keyphrases("indexes", "prune", "--keep", 0, "--unpromoted", "--index", location)
    assert done.stdout.strip() == "removed: 1, 3"
    assert listed(keyphrases, location) == {2: "live"}


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("promote", 3), "version 3 is unfinished"),
        (("promote", 9), "there is no version 9"),
        (("promote", "x"), "'x' is not a valid integer"),
        (("prune", "--keep", -1), "-1 is not in the range"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_line(
    keyphrases: Keyphrases, location: str, arguments: tuple[object, ...], why: str
) -> None:
    done = keyphrases("indexes", *arguments, "--index", location)
    assert done.returncode == 2
    assert why in done.stderr
    assert done.stderr.count("\n") == 1
    assert listed(keyphrases, location) == {1: "previous", 2: "live", 3: "unfinished"}


def test_where_there_is_no_index_none_is_made(keyphrases: Keyphrases, tmp_path: Path) -> None:
    nowhere = f"embedded:{tmp_path / 'nowhere'}"
    assert "no index" in keyphrases("indexes", "list", "--index", nowhere).stdout
    for command in (("promote", 1), ("rollback",), ("prune",)):
        done = keyphrases("indexes", *command, "--index", nowhere)
        assert done.returncode == 2
        assert "there is no index at" in done.stderr
    assert not (tmp_path / "nowhere").exists()


def test_while_a_run_writes_nothing_is_switched(keyphrases: Keyphrases, location: str) -> None:
    index = open_index(location)
    with index.lock("nightly"):
        done = keyphrases("indexes", "rollback", "--index", location)
    assert done.returncode == 2
    assert "run nightly is writing" in done.stderr
    index.close()
