"""Publishing a run's best epoch, once."""

from pathlib import Path

import torch

from model_store.bundle import load_bundle
from model_store.store import Store
from tests.trainer.examples import trainable_base
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
    history = [{"epoch": 1, "scores": {"f1": 0.5}}, {"epoch": 2, "scores": {"f1": 0.4}}]

    versions = [
        publish(
            *(store, "tagger", "run-1", base, best),
            config=TrainConfig(beams=2),
            history=history,
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
