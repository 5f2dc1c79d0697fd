"""The publication: the best epoch of a run becomes a version in the store."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from model_store.alignment.alignment import Alignment
from model_store.base import Base
from model_store.bundle import save_bundle
from model_store.generation import GenerationSettings
from model_store.store import Store
from trainer.aimkp.insight import summary
from trainer.checkpoint import Weights, fill_weights
from trainer.config import TrainConfig
from trainer.insight_files import write_insight


def publish(
    store: Store,
    name: str,
    run: str,
    base: Base,
    weights: Weights,
    *,
    config: TrainConfig,
    history: Sequence[Mapping[str, Any]],
    best_epoch: int,
    data: Mapping[str, Any],
    align: Callable[[], Alignment] | None = None,
) -> int:
    """Publishes `weights`, which `base` then has; gives the version's number.

    `history` is `trainer.checkpoint.TrainState`'s, and `best_epoch`, from 1, is the one that the
    weights are of. `align` is asked for the alignment of the model with these weights. What the
    same run has published before, when a worker was lost and nobody heard of it, counts.
    """
    if (earlier := store.published_by(run, name)) is not None:
        return earlier.version
    fill_weights(base.model, weights)
    best = history[best_epoch - 1]
    with tempfile.TemporaryDirectory() as folder:
        bundle, insight = Path(folder) / "bundle", Path(folder) / "insight"
        insight.mkdir()
        if any(entry["views"] for entry in history):
            write_insight(insight, history)
        save_bundle(
            bundle,
            base,
            generation=generation_settings(config),
            training={
                "run": run,
                "config": config.to_json(),
                "history": [{**one, "views": summary(one["views"])} for one in history],
            },
            metrics={"epoch": best["epoch"], "validation": best["scores"]},
            data=data,
            insight={file.name: file.read_bytes() for file in insight.iterdir()},
            alignment=None if align is None else align(),
        )
        return store.publish(name, bundle)


def generation_settings(config: TrainConfig) -> GenerationSettings:
    """How the trained model is asked, in validation and by default ever after."""
    return GenerationSettings(
        beams=config.beams,
        max_new_tokens=config.max_new_tokens,
        min_score=config.min_score,
        max_text_tokens=config.max_text_tokens,
        batch_size=config.micro_batch_size,
    )
