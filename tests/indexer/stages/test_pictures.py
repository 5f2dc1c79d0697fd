"""Pictures on their way to the model: broken ones, late ones, large ones."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from indexer.index.protocol import Index
from indexer.stages.columns import Action
from posts.dump import Dump
from posts.errors import PostError, Reason
from posts.pictures import DEFAULT_LIMITS
from posts.post import Post
from tests.indexer.dumps import jpeg
from tests.indexer.stages.night import Night, lines, phrases


def test_text_of_a_broken_picture_is_kept_if_asked_for(tmp_path: Path, index: Index) -> None:
    posts = [
        {"id": "broken", "text": "a cat", "image_uri": "cat.jpg"},
        {"id": "missing", "text": "a dog", "image_uri": "none.jpg"},
        {"id": "bare", "image_uri": "cat.jpg"},
    ]
    folder = lines(tmp_path / "dump", posts)
    (folder / "cat.jpg").write_bytes(b"no picture")
    assert {letter.id for letter in Night(folder, index).go().letters} == {
        "broken",
        "missing",
        "bare",
    }

    kept = Night(folder, index, keep_text=True).go()
    assert {document.id: document.has_picture for document in kept.documents} == {
        "broken": False,
        "missing": False,
    }
    again = Night(folder, index, keep_text=True)
    assert again.actions() == {
        "broken": Action.UNCHANGED,
        "missing": Action.UNCHANGED,
        "bare": Action.DEAD,
    }
    (folder / "cat.jpg").write_bytes(jpeg(1))
    assert Night(folder, index, keep_text=True).actions()["broken"] == Action.GENERATE


def test_text_beside_a_picture_that_an_archive_has_too_large_is_kept_if_asked_for(
    tmp_path: Path, index: Index
) -> None:
    folder = tmp_path / "dump"
    folder.mkdir()
    with tarfile.open(folder / "a.tar", "w") as tar:
        for name, data in [("a.txt", b"see the cat"), ("a.jpg", bytes(DEFAULT_LIMITS.bytes + 1))]:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    outcomes = Night(folder, index).go()
    assert [letter.reason for letter in outcomes.letters] == [Reason.PICTURE_TOO_LARGE]
    kept = Night(folder, index, keep_text=True).go()
    assert phrases(kept) == {"a": ["cat"]}
    assert Night(folder, index, keep_text=True).actions() == {"a": Action.UNCHANGED}
    assert Night(folder, index).actions() == {"a": Action.DEAD}


def test_without_that_wish_a_text_kept_before_becomes_a_dead_letter(
    tmp_path: Path, index: Index
) -> None:
    folder = lines(tmp_path / "dump", [{"id": "a", "text": "a cat", "image_uri": "cat.jpg"}])
    (folder / "cat.jpg").write_bytes(b"no picture")
    Night(folder, index, keep_text=True).go()
    assert index.count() == 1
    Night(folder, index).go()
    assert (index.count(), set(index.dead(["a"]))) == (0, {"a"})


def test_pictures_are_fetched_a_few_at_a_time(
    tmp_path: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    posts = [{"id": str(n), "text": "cat", "image_uri": "cat.jpg"} for n in range(16)]
    folder = lines(tmp_path / "dump", posts)
    (folder / "cat.jpg").write_bytes(jpeg(1, width=40, height=20))
    monkeypatch.setattr("indexer.stages.decode._AT_A_TIME", 3)
    fetched = []
    fetch = Dump.pictures

    def counted(dump: Dump, posts: Sequence[Post]) -> list[bytes | PostError | None]:
        fetched.append(len(posts))
        return fetch(dump, posts)

    monkeypatch.setattr(Dump, "pictures", counted)
    assert all(one.has_picture for one in Night(folder, index).go().documents)
    assert (max(fetched), sum(fetched)) == (3, 16)


class Throttled(Dump):
    """A dump whose pictures cannot be had for now."""

    def picture_versions(self, posts: Sequence[Post]) -> list[str | PostError | None]:
        return ["changed" for _ in posts]

    def picture(self, post: Post) -> bytes:
        raise PostError(Reason.PICTURE_UNAVAILABLE, "slow down", transient=True)


def test_a_passing_fault_does_not_take_a_document_out_of_searches(
    tmp_path: Path, index: Index
) -> None:
    folder = lines(tmp_path / "dump", [{"id": "a", "text": "a cat", "image_uri": "cat.jpg"}])
    (folder / "cat.jpg").write_bytes(jpeg(1))
    Night(folder, index).go()
    night = Night(folder, index)
    throttled = Throttled(Dump.open(str(folder)).files)
    night.ask._dump = night.decode._dump = throttled
    outcomes = night.go()
    assert [(each.transient, each.replaces) for each in outcomes.letters] == [(True, False)]
    assert index.count() == 1
    Night(folder, index).go()
    assert dict(index.dead(["a"])) == {}


def test_pictures_reach_the_model_as_small_as_it_wants_them(tmp_path: Path, index: Index) -> None:
    folder = lines(tmp_path / "dump", [{"id": "a", "text": "cat", "image_uri": "cat.jpg"}])
    (folder / "cat.jpg").write_bytes(jpeg(1, width=200, height=100))
    document = Night(folder, index).go().documents[0]
    assert [one.phrase for one in document.keyphrases] == ["cat", "64x32"]
