"""A look at what a run would write, without writing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from indexer.index.location import open_index
from indexer.job import IndexJob
from indexer.preview.preview import preview
from model_store.alignment.embedding import Embedding
from model_store.asked_post import AskedPost
from model_store.keyphraser import Keyphraser
from posts.errors import InputError
from posts.ocr import read_words
from tests.indexer.dumps import BAD_LINES, good_rows, jpeg, write_dump
from tests.sample_pictures import encoded, written

NOTHING = Embedding(None, None, None)


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


def test_vectors_are_made_too_for_the_time_that_they_take(
    tmp_path: Path, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedded = give_vectors(monkeypatch)
    folder = write_dump(tmp_path / "dump", good_rows(4), lines=())
    job = IndexJob(dump=str(folder), index="embedded:index", store=store, model="tiny")
    shown = preview(job, 3).posts
    assert [post.text for post in embedded][-3:] == [one.post.text for one in shown]
    assert [post.picture is None for post in embedded][-3:] == [
        one.picture is None for one in shown
    ]


def test_a_picture_below_the_gate_is_not_shown_to_the_model(
    tmp_path: Path, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_vectors(monkeypatch)
    posts = {"fits": "a house", "astray": "boat", "bare": "boat"}
    rows = [{"id": name, "text": text, "image": jpeg(1)} for name, text in posts.items()]
    rows[-1]["image"] = None
    folder = write_dump(tmp_path / "dump", rows, lines=())
    job = IndexJob(
        dump=str(folder), index="embedded:index", store=store, model="tiny", picture_gate=0.5
    )
    found = {one.post.id: one for one in preview(job, 3).posts}
    assert {name: one.picture_dropped for name, one in found.items()} == {
        "fits": False,
        "astray": True,
        "bare": False,
    }
    assert found["astray"].picture is not None
    assert found["astray"].keyphrases == found["bare"].keyphrases
    shown = {one.post.id: one for one in preview(replace(job, picture_gate=None), 3).posts}
    assert not shown["astray"].picture_dropped
    assert shown["astray"].keyphrases != found["astray"].keyphrases
    assert shown["fits"].keyphrases == found["fits"].keyphrases


def test_a_gate_needs_a_model_with_vectors(tmp_path: Path, store: str) -> None:
    folder = write_dump(tmp_path / "dump", good_rows(4), lines=())
    job = IndexJob(
        dump=str(folder), index="embedded:index", store=store, model="tiny", picture_gate=0.5
    )
    with pytest.raises(InputError, match="tiny@2 cannot tell: it has no vectors"):
        preview(job, 3)


def give_vectors(monkeypatch: pytest.MonkeyPatch) -> list[AskedPost]:
    """To all models: a picture fits a text of several words. The posts that they are made of."""
    embedded: list[AskedPost] = []

    def embed(_: Keyphraser, posts: Sequence[AskedPost]) -> list[Embedding]:
        embedded.extend(posts)
        return [
            Embedding(None, None, 0.9 if " " in one.text else 0.1) if one.picture else NOTHING
            for one in posts
        ]

    monkeypatch.setattr(Keyphraser, "has_alignment", True)
    monkeypatch.setattr(Keyphraser, "embed", embed)
    return embedded


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
