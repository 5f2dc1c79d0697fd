"""Vectors of generated posts, and pictures that do not fit their text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from indexer.index.location import open_index
from indexer.index.protocol import Index
from indexer.index.records import Build
from indexer.stages.columns import Action
from model_store.alignment.embedding import Embedding
from model_store.asked_post import AskedPost
from tests.indexer.stages.night import Night, lines, phrases
from tests.indexer.stand_in import LastWord
from tests.sample_pictures import encoded

TEXT = np.array([1, 0], np.float32)
PICTURE = np.array([0.6, 0.8], np.float32)


class WithVectors(LastWord):
    """A picture fits its text unless that has the word "not"."""

    has_alignment = True

    def embed(self, posts: Sequence[AskedPost]) -> list[Embedding]:
        return [
            Embedding(
                TEXT if post.text else None,
                None if post.picture is None else PICTURE,
                (0.3 if "not" in post.text else 0.9) if post.text and post.picture else None,
            )
            for post in posts
        ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    posts = [
        {"id": "fits", "text": "a cat", "image_uri": "a.png"},
        {"id": "fits not", "text": "not a cat", "image_uri": "a.png"},
        {"id": "bare", "text": "not a dog"},
        {"id": "silent", "text": "", "image_uri": "a.png"},
    ]
    folder = lines(tmp_path / "dump", posts)
    (folder / "a.png").write_bytes(encoded(Image.new("RGB", (8, 6))))
    return folder


def test_posts_are_indexed_with_the_vectors_that_the_model_gives(
    folder: Path, index: Index
) -> None:
    outcomes = Night(folder, index).go(WithVectors)
    documents = {one.id: one for one in outcomes.documents}
    assert {id: one.alignment for id, one in documents.items()} == {
        "fits": 0.9,
        "fits not": 0.3,
        "bare": None,
        "silent": None,
    }
    vectors = documents["fits"].vectors
    assert vectors is not None
    assert (vectors.text, vectors.picture) == ((1, 0), pytest.approx((0.6, 0.8)))
    silent, bare = documents["silent"].vectors, documents["bare"].vectors
    assert silent is not None
    assert bare is not None
    assert (silent.text, bare.picture) == (None, None)
    assert phrases(outcomes)["fits not"] == ["cat", "8x6"]
    assert not any(one.picture_dropped for one in outcomes.documents)


def test_of_a_model_without_vectors_posts_have_none(folder: Path, index: Index) -> None:
    outcomes = Night(folder, index).go(LastWord)
    assert {one.vectors for one in outcomes.documents} == {None}
    assert {one.alignment for one in outcomes.documents} == {None}


def test_the_gate_keeps_pictures_from_the_model_that_do_not_fit(
    tmp_path: Path, folder: Path
) -> None:
    index = open_index(f"embedded:{tmp_path / 'gated'}")
    index.begin(Build(model="m@1", model_digest="digest", dimensions=2))
    outcomes = Night(folder, index, picture_gate=0.5).go(WithVectors)
    assert phrases(outcomes) == {
        "fits": ["cat", "8x6"],
        "fits not": ["cat"],
        "bare": ["dog"],
        "silent": ["8x6"],
    }
    post = index.reader.post("fits not")
    assert post is not None
    assert (post.picture_dropped, post.has_picture, post.alignment) == (True, True, 0.3)
    other = index.reader.post("fits")
    assert other is not None
    assert not other.picture_dropped
    # What was found of the picture can still be searched by it.
    dropped = replace(outcomes.documents[1]).vectors
    assert dropped is not None
    assert dropped.picture is not None


class Seeing(WithVectors):
    """Tells the widths of pictures that it has embedded; the widest one fits every sentence."""

    def __init__(self) -> None:
        self.widths: list[int | None] = []

    def embed(self, posts: Sequence[AskedPost]) -> list[Embedding]:
        self.widths += [None if post.picture is None else post.picture.width for post in posts]
        return super().embed(posts)

    def alignments(
        self, pictures: Sequence[Image.Image], texts: Sequence[str]
    ) -> NDArray[np.float64]:
        return np.array([[0.99 if one.width == 30 else 0.01 for _ in texts] for one in pictures])


def test_a_document_has_the_vectors_of_its_text_and_of_its_lead_picture(
    tmp_path: Path, index: Index
) -> None:
    names = [f"{width}.png" for width in (10, 20, 30)]
    folder = lines(tmp_path / "several", [{"id": "1", "text": "not a cat", "image_uris": names}])
    for name in names:
        (folder / name).write_bytes(encoded(Image.new("RGB", (int(name[:2]), 6))))
    model = Seeing()
    outcomes = Night(folder, index, picture_gate=0.5).go(lambda: model)
    assert outcomes.letters == []
    (document,) = outcomes.documents
    assert document.lead_picture == 2
    assert model.widths == [30]
    assert document.vectors is not None
    assert (document.vectors.text, document.alignment) == ((1, 0), 0.3)
    # Its pictures are shown whatever the gate.
    assert not document.picture_dropped


def test_another_gate_generates_posts_with_a_picture_anew(folder: Path, index: Index) -> None:
    Night(folder, index).go(WithVectors)
    assert set(Night(folder, index).actions().values()) == {Action.UNCHANGED}
    assert Night(folder, index, picture_gate=0.5).actions() == {
        "fits": Action.GENERATE,
        "fits not": Action.GENERATE,
        "bare": Action.UNCHANGED,
        "silent": Action.GENERATE,
    }
