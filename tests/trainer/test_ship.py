"""Making a version of a store the model that ships."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from model_store.bundle import load_bundle
from model_store.store import Store
from posts.errors import InputError
from tests.trainer.examples import trainable_base
from trainer import ship as shipping
from trainer.checkpoint import copy_weights
from trainer.config import TrainConfig
from trainer.publication import publish
from trainer.ship import ship


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store with a version trained on data in somebody's folder."""
    base, store = trainable_base(tmp_path), Store(str(tmp_path / "store"))
    publish(
        *(store, "tagger", "run-1", base, copy_weights(base.model)),
        config=TrainConfig(),
        history=[{"epoch": 1, "scores": {"f1": 0.5}, "views": None}],
        best_epoch=1,
        data={"train": {"posts": 3, "uri": "/home/somebody/train.parquet"}},
    )
    return store


def base_of(store: Store) -> str:
    return store.resolve("tagger").card.base.name


def test_what_ships_is_the_model_in_half_precision(tmp_path: Path, store: Store) -> None:
    place = tmp_path / "package"
    shipped = ship(
        *(store, "tagger"),
        licence="CC0",
        sources=["drawn"],
        base=base_of(store),
        into=place,
        beams=3,
    )

    assert str(shipped) == "pocket@1"
    asked = store.resolve("tagger").card.generation
    assert shipped.card.generation == replace(asked, quantization="int8", beams=3)
    assert shipped.card.training["licence"] == "CC0"
    assert shipped.card.training["sources"] == ["drawn"]
    assert shipped.card.data == {"train": {"posts": 3, "uri": "train.parquet"}}
    expected = copy_weights(load_bundle(store.fetch("tagger")).model)
    found = copy_weights(load_bundle(Store(str(place)).fetch("pocket")).model)
    for name, weights in expected.items():
        assert torch.equal(found[name], weights.half().float())


def test_shipping_again_replaces_what_shipped(tmp_path: Path, store: Store) -> None:
    for _ in range(2):
        ship(
            *(store, "tagger"),
            licence="CC0",
            sources=[],
            base=base_of(store),
            into=tmp_path / "package",
        )
    assert Store(str(tmp_path / "package")).list() == ["pocket@1"]


def test_a_model_on_another_base_does_not_ship(tmp_path: Path, store: Store) -> None:
    with pytest.raises(InputError, match="what ships must be made on pocket"):
        ship(store, "tagger", licence="CC0", sources=[], into=tmp_path / "package")
    assert not (tmp_path / "package").exists()


def test_a_model_that_is_too_large_does_not_ship(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipping, "LARGEST_MB", 0.001)
    with pytest.raises(InputError, match="may ship"):
        ship(
            *(store, "tagger"),
            licence="CC0",
            sources=[],
            base=base_of(store),
            into=tmp_path / "package",
        )
    assert not (tmp_path / "package").exists()
