"""The disk under an embedded index is full."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.index.location import open_index
from indexer.index.query import Query
from tests.faults.accounting import assert_accounted_for, read_contents
from tests.faults.some_posts import some_posts
from tests.keyphrases.conftest import run_keyphrases
from tests.servers.small_disk import SmallDisk

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]


def test_a_run_whose_disk_is_full_says_so_and_goes_on_when_there_is_room(
    small_disk: SmallDisk, store: str, tmp_path: Path
) -> None:
    posts = some_posts(tmp_path / "dump", 1_000, padding=20_000)
    location = f"embedded:{small_disk.folder / 'index'}"
    command = ("index", posts.folder, "--index", location, "--store", store, "--model", "tiny@1")

    failed = run_keyphrases(*command)
    assert (failed.returncode, failed.stdout) == (1, "")
    message = failed.stderr.splitlines()[-1]
    assert "the disk" in message
    assert "full" in message
    assert "Traceback" not in failed.stderr

    documents = dict(read_contents(location).documents)
    assert 0 < len(documents) < len(posts.texts), "the disk was not full in the middle"
    assert documents.items() <= posts.texts.items()
    index = open_index(location)
    found = index.reader.search(Query(words="number", limit=len(posts)))
    index.close()
    assert (found.total, {hit.id for hit in found.hits}) == (len(documents), documents.keys())

    small_disk.resize(megabytes=64)
    done = run_keyphrases(*command)
    assert done.returncode == 0, done.stderr
    summary = assert_accounted_for(posts, location, done.stdout)
    assert summary["unchanged"] == len(documents)
