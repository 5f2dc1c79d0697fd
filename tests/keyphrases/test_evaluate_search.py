"""`keyphrases evaluate-search`, as a shell runs it."""

from __future__ import annotations

import json
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from posts.post import Post
from tests.indexer.search.relevance.samples import POSTS, dump_of, index_of
from tests.keyphrases.conftest import Keyphrases

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def dump(tmp_path: Path) -> str:
    return dump_of(tmp_path, [*POSTS, Post(id="new", text="a cat", keyphrases=("cat",))])


@pytest.fixture
def location(tmp_path: Path) -> str:
    with index_of(tmp_path) as index:
        return index.location


def test_a_table_and_files_have_the_same_figures(
    keyphrases: Keyphrases, dump: str, location: str, tmp_path: Path
) -> None:
    done = keyphrases(
        *("evaluate-search", dump, "--index", location, "--thresholds", "0.3,0.5"),
        *("--json", tmp_path / "out.json", "--report", tmp_path / "report"),
    )
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "out.json").read_bytes())
    assert (tmp_path / "report" / "relevance.json").read_bytes() == (
        tmp_path / "out.json"
    ).read_bytes()
    assert [one["threshold"] for one in found["thresholds"]] == [0, 0.3, 0.5]
    assert (found["queries"], found["posts"], found["posts_not_in_index"]) == (3, 4, 1)
    assert "3 queries, 4 posts" in done.stdout
    assert "…" not in done.stdout
    for name in ("text_only", "keyphrases_only", "both"):
        for measure in ("ndcg@10", "recall@100", "mrr"):
            assert f"{found[name][measure]:.3f}" in done.stdout
    assert f"{found['difference']['ndcg@10']:+.3f}" in done.stdout
    assert "recommended threshold: 0" in done.stdout
    assert "1 of the 4 posts are not in" in done.stderr
    assert {one.name for one in (tmp_path / "report").iterdir()} == {
        *("relevance.md", "relevance.png", "relevance.json")
    }


def assert_refused(done: CompletedProcess[str], *words: str) -> None:
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    for word in words:
        assert word in done.stderr
    assert not done.stdout


def test_what_is_wrong_is_told_in_a_line(
    keyphrases: Keyphrases, dump: str, location: str, tmp_path: Path
) -> None:
    def refused(dump: str, location: str, *options: object) -> CompletedProcess[str]:
        return keyphrases("evaluate-search", dump, "--index", location, *options)

    bare = dump_of(tmp_path / "bare", [Post(id="p1", text="a cat")])
    (tmp_path / "taken").touch()
    assert_refused(refused(bare, location), "has gold keyphrases (1 no gold keyphrases)")
    assert_refused(refused(dump, f"embedded:{tmp_path / 'none'}"), "there is no index at")
    assert_refused(refused(str(tmp_path / "none"), location), "none")
    assert_refused(refused(dump, location, "--thresholds", "0,high"), "'high'", "from 0 to 1")
    assert_refused(refused(dump, location, "--thresholds", "0,1.5"), "'1.5'", "from 0 to 1")
    assert_refused(refused(dump, location, "--queries", "0"), "--queries")
    assert_refused(refused(dump, location, "--json", tmp_path / "no" / "x"), "is no folder")
    assert_refused(refused(dump, location, "--report", tmp_path / "taken"), "--report")
    assert not (tmp_path / "none").exists()
