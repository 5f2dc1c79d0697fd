"""Giving a published model vectors."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
import torch

from model_store.alignment.heads import AlignmentHeads
from model_store.asked_post import AskedPost
from model_store.keyphraser import Keyphraser
from model_store.store import Store
from posts.drawn import drawn_posts
from posts.errors import InputError
from posts.pictures import decode_picture
from posts.writing import write_parquet
from tests.trainer.examples import drawn_dump, trainable_base
from trainer.align import Aligned, align, main, publish_aligned, ship_aligned
from trainer.alignment.feature_table import FeatureTable
from trainer.alignment.heads_training import HeadsTraining, train_heads
from trainer.checkpoint import copy_weights
from trainer.config import TrainConfig
from trainer.publication import publish
from trainer.ship import ship
from trainer.training_set import TrainingSet

TRAINING = HeadsTraining(dimensions=6, epochs=3, batch_size=8)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store with a version without vectors."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    base, store = trainable_base(tmp_path), Store(str(tmp_path / "store"))
    publish(
        *(store, "tagger", "run-1", base, copy_weights(base.model)),
        config=TrainConfig(),
        history=[{"epoch": 1, "scores": {"f1": 0.5}, "views": None}],
        best_epoch=1,
        data={"train": {"posts": 3, "uri": "train.parquet"}},
    )
    return store


def test_a_model_with_vectors_is_a_new_version_that_answers_as_before(
    tmp_path: Path, store: Store
) -> None:
    dump = drawn_dump(tmp_path, 24)
    aligned = align(store.fetch("tagger"), dump, TRAINING)
    version = publish_aligned(store, "tagger@1", aligned)

    assert str(version) == "tagger@2"
    before, after = (Keyphraser.load(store.fetch(f"tagger@{n}"), device="cpu") for n in (1, 2))
    assert before.card.digest != after.card.digest
    assert (before.has_alignment, after.has_alignment) == (False, True)
    post = TrainingSet.build(dump, tmp_path / "posts")[0]
    shown = decode_picture(post.image)
    assert before([post.text], [shown]) == after([post.text], [shown])
    assert 0 < after.embed([AskedPost(post.text, shown)])[0].alignment < 1
    # Features are kept, so that heads with other settings take seconds.
    assert len(list((tmp_path / "user/keyphrases/features").glob("*.safetensors"))) == 1
    facts = version.card.training["alignment"]
    assert (facts["posts"], facts["held_out"]["posts"]) == (22, 2)
    assert facts["data"]["name"] == facts["held_out"]["data"]["name"] == "train.parquet"
    assert 0 <= facts["held_out"]["auroc"] <= 1


def test_heads_learn_texts_and_keyphrases_and_are_calibrated_on_a_dump_of_its_own(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    learnt: list[FeatureTable] = []

    def remembering(features: FeatureTable, *others: Any, **named: Any) -> AlignmentHeads:
        learnt.append(features)
        return train_heads(features, *others, **named)

    monkeypatch.setattr("trainer.align.train_heads", remembering)
    cats = [replace(post, keyphrases=("cat", "pet")) for post in drawn_posts("train", 24)]
    write_parquet(cats, tmp_path / "cats.parquet")
    held_out = drawn_dump(tmp_path, 10, "valid")
    dump = str(tmp_path / "cats.parquet")
    aligned = align(store.fetch("tagger"), dump, TRAINING, held_out=held_out)
    assert (aligned.facts["posts"], aligned.facts["held_out"]["posts"]) == (24, 10)
    (features,) = learnt
    assert features.rows.tolist() == [*range(24), *range(24)]
    assert torch.equal(features.pictures[:24], features.pictures[24:])
    of_texts, of_keyphrases = features.texts.split(24)
    assert len(of_texts.unique(dim=0)) > 1
    assert torch.allclose(of_keyphrases, of_keyphrases[:1], atol=1e-4)


def test_what_ships_is_given_vectors_in_place_and_keeps_them_when_shipped_on(
    tmp_path: Path, store: Store
) -> None:
    place = tmp_path / "package"
    how = {"licence": "CC0", "sources": ["drawn"], "base": store.resolve("tagger").card.base.name}
    ship(store, "tagger", into=place, **how)
    bundle = Store(str(place)).fetch("pocket")
    kept = {name: (bundle / name).read_bytes() for name in ("adapter_model.safetensors",)}
    aligned = align(bundle, drawn_dump(tmp_path, 24), TRAINING)
    shipped = ship_aligned(aligned, place)

    assert Store(str(place)).list() == ["pocket@1"]
    assert shipped.card.training["sources"] == ["drawn"]
    bundle = Store(str(place)).fetch("pocket")
    assert {name: (bundle / name).read_bytes() for name in kept} == kept
    vector = Keyphraser.load(bundle, device="cpu").embed_text("a red star")
    assert vector.shape == (6,)


def test_shipping_a_model_that_has_vectors_ships_these(tmp_path: Path, store: Store) -> None:
    aligned = align(store.fetch("tagger"), drawn_dump(tmp_path, 24), TRAINING)
    publish_aligned(store, "tagger", aligned)
    place = tmp_path / "package"
    base = store.resolve("tagger").card.base.name
    ship(store, "tagger", licence="CC0", sources=[], base=base, into=place)
    assert Keyphraser.load(Store(str(place)).fetch("pocket"), device="cpu").has_alignment


def test_heads_go_to_the_version_that_they_are_of_even_if_another_comes_meanwhile(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def aligned_meanwhile(
        bundle: Path, data: str, training: HeadsTraining, **named: Any
    ) -> Aligned:
        found = align(bundle, data, training, **named)
        version = store.publish("tagger", store.fetch("tagger@1"))
        store.promote("tagger", version)
        return found

    published = []
    monkeypatch.setattr("trainer.align.align", aligned_meanwhile)
    monkeypatch.setattr("trainer.align.publish_aligned", lambda *told: published.append(told[1]))
    place, data = str(tmp_path / "store"), drawn_dump(tmp_path, 24)
    monkeypatch.setattr(
        "sys.argv", ["align", *("--store", place, "--model", "tagger"), "--data", data]
    )
    monkeypatch.setattr("trainer.align.logging", MagicMock())
    main()
    assert published == ["tagger@1"]


def test_posts_of_which_none_can_be_held_out_are_refused(tmp_path: Path, store: Store) -> None:
    with pytest.raises(InputError, match="too few posts"):
        align(store.fetch("tagger"), drawn_dump(tmp_path, 12), TRAINING)


def test_dumps_that_teach_or_tell_nothing_are_refused(tmp_path: Path, store: Store) -> None:
    bundle, dump = store.fetch("tagger"), drawn_dump(tmp_path, 12)
    with pytest.raises(InputError, match="has the posts that are to be learnt from"):
        align(bundle, dump, TRAINING, held_out=dump)
    texts = [replace(post, image=None) for post in drawn_posts("texts", 12)]
    write_parquet(texts, tmp_path / "texts.parquet")
    alone = str(tmp_path / "texts.parquet")
    with pytest.raises(InputError, match="only 0 posts have a picture and a text"):
        align(bundle, alone, TRAINING, held_out=dump)
    with pytest.raises(InputError, match=r"texts\.parquet has too few posts"):
        align(bundle, dump, TRAINING, held_out=alone)
