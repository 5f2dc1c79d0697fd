"""The benchmark of search, with gold keyphrases in place of a model's."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench import relevance
from indexer.index.location import open_index
from indexer.index.vectors import Vectors
from posts.dump import Dump
from posts.phrases import Keyphrase, display_form
from posts.post import Post
from posts.writing import write_json_lines, write_parquet
from tests.indexer.index.samples import BUILD, document

POSTS = [
    Post(id=f"p{number}", text="a thing", keyphrases=(f"thing {number % 4}",), extra={"x": "y"})
    for number in range(12)
]


def embed_gold(phrase: str) -> np.ndarray:
    """One direction for each of their keyphrases."""
    return np.eye(4, dtype=np.float32)[int(phrase[-1])]


def index_gold(dump: Path, location: str) -> dict[str, Any]:
    index = open_index(location)
    posts = list(Dump.open(dump).posts())
    with index.lock("run"):
        index.begin(replace(BUILD, dimensions=4))
        index.write(
            [
                document(
                    post.id,
                    post.text,
                    keyphrases=tuple(
                        Keyphrase(display_form(p), 0.9) for p in post.keyphrases or ()
                    ),
                    vectors=Vectors(
                        text=tuple(embed_gold((post.keyphrases or ("0",))[0]).tolist())
                    ),
                )
                for post in posts
            ]
        )
    index.close()
    return {"generated": len(posts), "dead": 0, "seconds": 1.0, "index": location}


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(relevance, "DATA", tmp_path)
    write_parquet(POSTS, tmp_path / "openclipart" / "valid.parquet")
    write_json_lines([*POSTS, Post(id="bare", text="x")], tmp_path / "cmkp", "valid")
    monkeypatch.setattr(
        relevance,
        "DATA_SETS",
        {"openclipart": "openclipart/valid.parquet", "cmkp": "cmkp/valid.jsonl"},
    )
    return tmp_path


def test_the_result_has_each_way_of_each_data_set_and_no_place_of_this_machine(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("bench.result.RESULTS", data / "results")
    monkeypatch.setattr(relevance, "index_posts", index_gold)
    monkeypatch.setattr(relevance, "shipped_embed", lambda: embed_gold)
    monkeypatch.setattr(sys, "argv", ["relevance", "--posts", "10", "--queries", "3"])
    relevance.main()
    written = (data / "results" / "relevance.json").read_text()
    assert str(data) not in written
    assert "/tmp" not in written  # noqa: S108 - not a place to write to
    found = json.loads(written)
    assert "at most 10 of each" in found["method"]
    for name in ("openclipart", "cmkp"):
        of = found[name]
        assert (of["posts"], of["queries"], of["gold_keyphrases"]) == (10, 3, 4)
        assert of["both"]["ndcg@10"] == of["keyphrases_only"]["ndcg@10"] == 1
        assert of["text_only"]["ndcg@10"] < 1
        assert of["difference"]["ndcg@10"] == 1 - of["text_only"]["ndcg@10"]
        assert len(of["both"]["mrr_interval"]) == 2
        assert of["hybrid"]["ndcg@10"] == 1
        assert of["hybrid_difference"]["ndcg@10"] == 0
        assert of["thresholds"][0]["threshold"] == 0
        assert of["indexed"] == {"generated": 10, "dead": 0, "seconds": 1.0}
    assert {"machine", "versions", "method", "measured_at"} <= found.keys()


def test_posts_are_drawn_alike_each_time_and_bring_nothing_else(data: Path) -> None:
    drawn = relevance.draw(data / "cmkp" / "valid.jsonl", 5)
    assert drawn == relevance.draw(data / "cmkp" / "valid.jsonl", 5)
    assert len({post.id for post in drawn}) == 5
    assert all(post.keyphrases and not post.extra for post in drawn)
    assert len(relevance.draw(data / "cmkp" / "valid.jsonl", 100)) == 12


def test_without_its_data_it_says_so_in_one_sentence(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (data / "cmkp" / "valid.jsonl").unlink()
    monkeypatch.setattr(sys, "argv", ["relevance"])
    with pytest.raises(SystemExit) as ended:
        relevance.main()
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "valid.jsonl is not there" in error
