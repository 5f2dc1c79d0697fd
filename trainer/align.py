"""Gives a published model vectors: trains alignment heads on what it makes of posts, and publishes
it with them as a new version.

    python -m trainer.align --store models --model tagger@1 --data train --held-out valid
    python -m trainer.align --shipped --data train.parquet --held-out valid.parquet

The model itself stays as it is, to the bit. A post's keyphrases stand for its text once more, so
that heads know what people search for. The score is calibrated on posts that are held out: on those
of a dump of its own or, without one, on every tenth of the data, up to 5,000. Of posts that the
model was fine-tuned on it knows too much, and would be too sure of others. `--loss infonce` trains
without weights for the negatives.
"""

from __future__ import annotations

import argparse
import logging
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import torch

from model_store.alignment.alignment import Alignment
from model_store.bundle import add_alignment
from model_store.shipped import SHIPPED_FOLDER, SHIPPED_MODEL, SHIPPED_STORE
from model_store.store import ModelVersion, Store
from posts.errors import InputError
from trainer.alignment.asked_model import AskedModel
from trainer.alignment.calibration import calibrate, cosines
from trainer.alignment.feature_table import FeatureTable
from trainer.alignment.heads_training import HeadsTraining, train_heads
from trainer.alignment.loss import SRCL, WEIGHTINGS, ContrastiveLoss
from trainer.alignment.measures import auroc, deranged, recall_at
from trainer.training_set import TrainingSet

_HELD_OUT = 10
"""Every so manieth post."""
_FEWEST_HELD_OUT, _MOST_HELD_OUT = 2, 5_000
"""Every picture is compared with every text."""


class Aligned(NamedTuple):
    """Heads for a model, and what is to be told of them."""

    alignment: Alignment
    facts: dict[str, Any]


def align(
    bundle: Path, data: str, training: HeadsTraining, *, held_out: str | None = None
) -> Aligned:
    """Heads for the model of a bundle, trained on what it makes of a dump's posts when it is asked.

    `held_out`: a dump to calibrate them on; without, a tenth of the data is.
    Raises InputError if a dump has too few posts with a picture and a text.
    """
    asked = AskedModel.load(bundle, "cuda" if torch.cuda.is_available() else "cpu")
    with tempfile.TemporaryDirectory() as scratch:
        posts = TrainingSet.build(data, Path(scratch))
        others = posts if held_out is None else TrainingSet.build(held_out, Path(scratch))
        if held_out is not None and others.fingerprint == posts.fingerprint:
            raise InputError(
                f"{held_out} has the posts that are to be learnt from; name another dump, or none"
            )
        features = asked.features(posts)
        named = asked.texts([", ".join(posts[row].keyphrases) for row in features.rows.tolist()])
        unknown = features if held_out is None else asked.features(others)
    unseen = torch.zeros(len(features), dtype=torch.bool)
    if held_out is None:
        unseen[_HELD_OUT - 1 :: _HELD_OUT] = True
        unseen &= unseen.cumsum(0) <= _MOST_HELD_OUT
        unknown = features.take(unseen)
    unknown = unknown.take(torch.arange(len(unknown))[:_MOST_HELD_OUT])
    if len(unknown) < _FEWEST_HELD_OUT:
        raise InputError(
            f"{held_out or data} has too few posts with a picture and a text to calibrate heads on"
        )
    # Every post twice: with its own text, and with its keyphrases.
    twice = FeatureTable.cat([features.take(~unseen), replace(features, texts=named).take(~unseen)])
    heads = train_heads(twice, training, text_layer=asked.layer)
    found = cosines(heads, unknown)
    alignment = Alignment(heads=heads, calibration=calibrate(found))
    facts = {
        "settings": training.to_json(),
        "data": {"name": Path(data).name, "fingerprint": posts.fingerprint},
        "posts": len(twice) // 2,
        "held_out": {
            "data": {"name": Path(held_out or data).name, "fingerprint": others.fingerprint},
            "posts": len(unknown),
            "r@1": recall_at(found, 1),
            "r@5": recall_at(found, 5),
            "auroc": auroc(found.diagonal(), deranged(found)),
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
    parser.add_argument("--held-out", help="Dump that neither the model nor its heads have seen.")
    parser.add_argument("--loss", choices=WEIGHTINGS, default=SRCL)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    training = HeadsTraining(loss=ContrastiveLoss(weighting=arguments.loss), seed=arguments.seed)
    try:
        store = Store(SHIPPED_STORE if arguments.shipped else arguments.store)
        # Another version may be promoted meanwhile, and these heads would be none of its own.
        model = str(store.resolve(arguments.model))
        aligned = align(store.fetch(model), arguments.data, training, held_out=arguments.held_out)
        if arguments.shipped:
            version = ship_aligned(aligned)
        else:
            version = publish_aligned(store, model, aligned)
    except InputError as error:
        parser.exit(2, f"{error}\n")
    logging.getLogger(__name__).info("published %s: %s", version, aligned.facts["held_out"])


if __name__ == "__main__":
    main()
