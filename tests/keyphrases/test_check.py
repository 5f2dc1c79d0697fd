"""`keyphrases index --check`: what a run needs, without one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.indexer.dumps import good_rows, write_dump
from tests.keyphrases.conftest import Keyphrases

pytestmark = pytest.mark.timeout(300)


def test_a_check_says_what_it_found_and_begins_nothing(
    tmp_path: Path, random_store: Path, keyphrases: Keyphrases
) -> None:
    write_dump(tmp_path / "dump", good_rows(5))
    arguments = (
        *("index", tmp_path / "dump", "--index", f"embedded:{tmp_path / 'index'}"),
        *("--store", random_store, "--model", "random", "--check"),
    )
    done = keyphrases(*arguments)
    assert (done.returncode, done.stdout) == (0, "")
    assert [line.split()[0] for line in done.stderr.splitlines()] == [
        *("dump", "model", "index", "actors", "dead", "report")
    ]
    refused = keyphrases(*arguments, "--actors", 64)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("keyphrases: 64 model actors")
    assert len(refused.stderr.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["dump"]
