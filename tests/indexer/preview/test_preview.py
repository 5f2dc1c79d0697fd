"""A look at what a run would write, without writing."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.index.location import open_index
from indexer.job import IndexJob
from indexer.preview.preview import preview
from posts.errors import InputError
from posts.ocr import read_words
from tests.indexer.dumps import BAD_LINES, good_rows, jpeg, write_dump
from tests.sample_pictures import encoded, written


def test_the_first_good_posts_are_shown_and_nothing_is_written(tmp_path: Path, store: str) -> None:
    rows = good_rows(4)
    rows[1]["image"] = b"no picture"
    folder = write_dump(tmp_path / "dump", rows, BAD_LINES)
    job = IndexJob(
        dump=str(folder), index=f"embedded:{tmp_path / 'index'}", store=store, model="tiny"
    )
    shown = preview(job, 10).posts
    assert [one.post.id for one in shown] == ["post-0", "post-2", "post-3"]
    assert [one.picture is not None for one in shown] == [False, False, True]
    assert any(one.keyphrases for one in shown)
    assert open_index(job.index).live() is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dump"]
    with pytest.raises(InputError, match="at least 1"):
        preview(job, 0)


def test_the_time_is_that_of_a_warm_model_for_all_posts(tmp_path: Path, store: str) -> None:
    folder = write_dump(tmp_path / "dump", good_rows(4), lines=())
    job = IndexJob(dump=str(folder), index="embedded:index", store=store, model="tiny")
    moments = iter([100.0, 106.0])
    shown = preview(job, 3, clock=lambda: next(moments))
    assert (shown.model, len(shown.posts), shown.seconds) == ("tiny@2", 3, 6.0)


def test_a_person_sees_a_picture_whole_of_which_the_model_sees_the_middle(
    tmp_path: Path, store: str
) -> None:
    rows = [{"id": "wide", "text": "a house", "image": jpeg(1, width=200, height=100)}]
    folder = write_dump(tmp_path / "dump", rows, lines=())
    job = IndexJob(dump=str(folder), index="embedded:index", store=store, model="tiny")
    (wide,) = preview(job, 1).posts
    assert wide.picture is not None
    assert wide.picture.size == (64, 32)


def test_words_in_pictures_are_shown_to_the_model_if_asked_for(tmp_path: Path, store: str) -> None:
    sign = written((10, 20, "boat club", 30), size=(200, 80))
    posts = {"read": "a house", "told": "a house\nboat club", "bare": "a house"}
    rows = [{"id": name, "text": text, "image": encoded(sign)} for name, text in posts.items()]
    rows[-1]["image"] = None
    folder = write_dump(tmp_path / "dump", rows, lines=())
    job = {
        "dump": str(folder),
        "index": f"embedded:{tmp_path / 'index'}",
        "store": store,
        "model": "tiny",
    }
    plain = {one.post.id: one for one in preview(IndexJob(**job), 3).posts}
    helped = {one.post.id: one for one in preview(IndexJob(**job, ocr=True), 3).posts}
    assert read_words(sign) == "boat club"
    assert [one.words for one in helped.values()] == ["boat club", "boat club", None]
    assert {one.words for one in plain.values()} == {None}
    assert helped["read"].post.text == "a house"
    assert helped["read"].keyphrases == plain["told"].keyphrases != plain["read"].keyphrases
    assert helped["bare"].keyphrases == plain["bare"].keyphrases


def test_keyphrases_below_a_score_are_left_out(tmp_path: Path, store: str) -> None:
    folder = write_dump(tmp_path / "dump", good_rows(4), lines=())
    job = {"dump": str(folder), "index": "embedded:index", "store": store, "model": "tiny"}
    every = [one.keyphrases for one in preview(IndexJob(**job), 4).posts]
    scores = sorted(each.score for one in every for each in one)
    middle = scores[len(scores) // 2]
    assert scores[0] < middle
    assert [one.keyphrases for one in preview(IndexJob(**job, min_score=middle), 4).posts] == [
        tuple(each for each in one if each.score >= middle) for one in every
    ]


@pytest.mark.parametrize("score", [-0.1, 1.1, float("nan")])
def test_a_score_that_none_can_have_is_refused(score: float) -> None:
    with pytest.raises(InputError, match="--min-score must"):
        IndexJob(dump="d", index="embedded:i", store="s", model="m", min_score=score)
