"""`keyphrases delete`, as a shell runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from indexer.index.location import open_index
from tests.indexer.index.samples import BUILD, document
from tests.keyphrases.conftest import Keyphrases

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def location(tmp_path: Path) -> str:
    location = f"embedded:{tmp_path / 'index'}"
    index = open_index(location)
    with index.lock("first"):
        index.begin(BUILD)
        index.write([document(id, "a cat") for id in ("p1", "p2", "-p3", "two words")])
    index.close()
    return location


def found(keyphrases: Keyphrases, location: str) -> set[str]:
    done = keyphrases("search", "cat", "--index", location, "--json")
    return {hit["id"] for hit in json.loads(done.stdout)["hits"]}


def test_posts_are_taken_down(keyphrases: Keyphrases, location: str) -> None:
    done = keyphrases("delete", "p1", "unknown", "--index", location, "--why", "asked to")
    assert done.stdout.strip() == "taken down: 2, of which the index had 1"
    assert found(keyphrases, location) == {"p2", "-p3", "two words"}
    index = open_index(location)
    assert index.dead(["p1"])["p1"].detail == "asked to"
    index.close()


def test_ids_come_from_a_file_or_standard_input_too(
    keyphrases: Keyphrases, location: str, tmp_path: Path
) -> None:
    file = tmp_path / "ids.txt"
    # With the mark that some editors put at the beginning.
    file.write_text("\ufefftwo words\n\np2\r\n")
    done = keyphrases("delete", "--from", file, "--index", location, "--json", "--", "-p3")
    assert json.loads(done.stdout) == {"taken_down": 3, "removed": 3}
    command = [sys.executable, "-m", "keyphrases", "delete", "--from", "-", "--index", location]
    done = subprocess.run(command, input="p1\n", capture_output=True, text=True, check=True)
    assert "taken down: 1, of which the index had 1" in done.stdout
    assert found(keyphrases, location) == set()


def test_what_is_wrong_is_told_in_a_line(
    keyphrases: Keyphrases, location: str, tmp_path: Path
) -> None:
    (tmp_path / "latin1").write_bytes(b"caf\xe9\n")
    for arguments, why in (
        ((), "say which posts to delete"),
        (("--from", tmp_path / "latin1"), "is not text in UTF-8"),
        (("--from", tmp_path / "nowhere"), "No such file"),
        (("",), "an id of a post to be deleted is empty"),
    ):
        done = keyphrases("delete", *arguments, "--index", location)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
        assert why in done.stderr
    done = keyphrases("delete", "p1", "--index", f"embedded:{tmp_path / 'none'}")
    assert done.returncode == 2
    assert not (tmp_path / "none").exists()
    assert len(found(keyphrases, location)) == 4
