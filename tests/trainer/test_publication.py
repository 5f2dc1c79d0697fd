"""Publishing a run's best epoch, once."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from model_store.bundle import load_bundle
from model_store.store import Store
from posts.errors import InputError
from tests.trainer.examples import trainable_base
from tests.trainer.histories import history
from trainer.checkpoint import copy_weights, trainable_parameters
from trainer.config import TrainConfig
from trainer.publication import publish


def test_the_best_epochs_weights_are_published_once(tmp_path: Path) -> None:
    base = trainable_base(tmp_path)
    best = copy_weights(base.model)
    with torch.no_grad():
        for parameter in trainable_parameters(base.model).values():
            parameter.add_(1.0)
    store = Store(str(tmp_path / "store"))
    epochs = [
        {"epoch": 1, "scores": {"f1": 0.5}, "views": None},
        {"epoch": 2, "scores": {"f1": 0.4}, "views": None},
    ]

    versions = [
        publish(
            *(store, "tagger", "run-1", base, best),
            config=TrainConfig(beams=2),
            history=epochs,
            best_epoch=1,
            data={"train": {"posts": 3}},
        )
        for _ in range(2)
    ]

    assert versions == [1, 1]
    assert store.list() == ["tagger@1"]
    bundle = load_bundle(store.fetch("tagger@1"))
    for name, weights in copy_weights(bundle.model).items():
        assert torch.equal(weights, best[name])
    assert bundle.card.metrics == {"epoch": 1, "validation": {"f1": 0.5}}
    assert bundle.card.generation.beams == 2


def published(folder: Path, epochs: list[dict[str, Any]]) -> Store:
    base = trainable_base(folder)
    store = Store(str(folder / "store"))
    publish(
        *(store, "tagger", "run-1", base, copy_weights(base.model)),
        config=TrainConfig(),
        history=epochs,
        best_epoch=2,
        data={},
    )
    return store


def test_the_insight_is_published_under_seal(tmp_path: Path) -> None:
    epochs = history(3)
    store = published(tmp_path, epochs)
    files = store.verify("tagger").card.files
    assert {"insight.jsonl", "insight.png"} <= files.keys()
    folder = store.fetch("tagger")
    lines = [json.loads(one) for one in (folder / "insight.jsonl").read_text().splitlines()]
    assert [line["views"] for line in lines] == [epoch["views"] for epoch in epochs]
    with (folder / "insight.png").open("ab") as file:
        file.write(b"x")
    with pytest.raises(InputError, match=r"insight\.png has changed"):
        store.verify("tagger")


def test_the_card_keeps_a_summary_of_the_views(tmp_path: Path) -> None:
    epochs = history(3)
    kept = published(tmp_path, epochs).resolve("tagger").card.training["history"]
    assert [epoch["loss"] for epoch in kept] == [epoch["loss"] for epoch in epochs]
    assert kept[0]["views"] is None
    assert kept[2]["views"]["image"]["kept"] == epochs[2]["views"]["image"]["kept"]
    assert len(kept[2]["views"]["noisiest"]) == 5 < len(epochs[2]["views"]["noisiest"])
    assert "histogram" not in json.dumps(kept)


def test_a_run_that_masked_nothing_publishes_no_insight(tmp_path: Path) -> None:
    store = published(tmp_path, history(2, masked=()))
    assert not any("insight" in name for name in store.verify("tagger").card.files)
