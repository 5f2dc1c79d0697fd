"""Gives a published model vectors: trains alignment heads on what it makes of posts, and publishes
it with them as a new version.

    python -m trainer.align --store models --model tagger@1 --data posts/train
    python -m trainer.align --shipped --data train.parquet

The model itself stays as it is, to the bit. Every tenth post is held out: with these the score is
calibrated. `--loss infonce` trains without weights for the negatives.
"""

from __future__ import annotations

import argparse
import logging
import shutil
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import torch

from model_store.alignment.alignment import Alignment
from model_store.alignment.features import usual_text_layer
from model_store.base import Base
from model_store.bundle import add_alignment
from model_store.keyphraser import load_for_asking
from model_store.prompt import Prompt
from model_store.shipped import SHIPPED_FOLDER, SHIPPED_MODEL, SHIPPED_STORE
from model_store.store import ModelVersion, Store
from posts.errors import InputError
from trainer.alignment.calibration import calibrate, cosines
from trainer.alignment.feature_cache import cached_features
from trainer.alignment.heads_training import HeadsTraining, train_heads
from trainer.alignment.loss import SRCL, WEIGHTINGS, ContrastiveLoss
from trainer.alignment.measures import auroc, deranged, recall_at
from trainer.training_set import TrainingSet

_HELD_OUT = 10
"""Every so manieth post."""
_FEWEST_HELD_OUT = 2
_DERANGEMENTS = 10


class Aligned(NamedTuple):
    """Heads for a model, and what is to be told of them."""

    alignment: Alignment
    facts: dict[str, Any]


def align(bundle: Path, data: str, training: HeadsTraining) -> Aligned:
    """Heads for the model of a bundle, trained on what it makes of a dump's posts when it is asked.

    Raises InputError if the dump has too few posts with a picture and a text.
    """
    asked = load_for_asking(bundle, "cuda" if torch.cuda.is_available() else "cpu")
    base = Base(
        model=asked.model,
        processor=asked.processor,
        family=asked.family,
        identity=asked.card.base,
    )
    longest = asked.card.generation.max_text_tokens
    prompt = Prompt(base.processor, base.family, max_text_tokens=longest)
    layer = usual_text_layer(base.model, base.family)
    with tempfile.TemporaryDirectory() as scratch:
        posts = TrainingSet.build(data, Path(scratch))
        features = cached_features(base, asked.card, prompt, posts, layer)
    held_out = torch.arange(len(features)) % _HELD_OUT == _HELD_OUT - 1
    known, unknown = features.take(~held_out), features.take(held_out)
    if len(unknown) < _FEWEST_HELD_OUT:
        raise InputError(f"{data} has too few posts with a picture and a text to hold some out")
    heads = train_heads(known, training, text_layer=layer)
    found = cosines(heads, unknown)
    alignment = Alignment(heads=heads, calibration=calibrate(found))
    facts = {
        "settings": training.to_json(),
        "data": {"name": Path(data).name, "fingerprint": posts.fingerprint},
        "posts": len(known),
        "held_out": {
            "posts": len(unknown),
            "r@1": recall_at(found, 1),
            "r@5": recall_at(found, 5),
            "auroc": auroc(found.diagonal(), deranged(found, _DERANGEMENTS, 0)),
        },
    }
    return Aligned(alignment, facts)


def publish_aligned(store: Store, ref: str, aligned: Aligned) -> ModelVersion:
    """The model with these heads, as its next version."""
    name = store.resolve(ref).name
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "bundle"
        add_alignment(store.fetch(ref), made, aligned.alignment, aligned.facts)
        version = store.publish(name, made)
    return store.resolve(f"{name}@{version}")


def ship_aligned(aligned: Aligned, into: Path = SHIPPED_FOLDER) -> ModelVersion:
    """The model that ships with these heads, in its own place."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "bundle"
        add_alignment(
            *(Store(str(into)).fetch(SHIPPED_MODEL), made, aligned.alignment, aligned.facts)
        )
        shutil.rmtree(into)
        shipped = Store(str(into))
        version = shipped.publish(SHIPPED_MODEL, made)
    return shipped.resolve(f"{SHIPPED_MODEL}@{version}")


def main() -> None:
    logging.basicConfig(level=logging.INFO)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    chosen = parser.add_mutually_exclusive_group(required=True)
    chosen.add_argument("--store", help="That has the model, and is given the new version.")
    chosen.add_argument("--shipped", action="store_true", help="The model that ships, in place.")
    parser.add_argument("--model", default=SHIPPED_MODEL)
    parser.add_argument("--data", required=True, help="Dump to learn from.")
    parser.add_argument("--loss", choices=WEIGHTINGS, default=SRCL)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    training = HeadsTraining(loss=ContrastiveLoss(weighting=arguments.loss), seed=arguments.seed)
    try:
        store = Store(SHIPPED_STORE if arguments.shipped else arguments.store)
        aligned = align(store.fetch(arguments.model), arguments.data, training)
        if arguments.shipped:
            version = ship_aligned(aligned)
        else:
            version = publish_aligned(store, arguments.model, aligned)
    except InputError as error:
        parser.exit(2, f"{error}\n")
    logging.getLogger(__name__).info("published %s: %s", version, aligned.facts["held_out"])


if __name__ == "__main__":
    main()
