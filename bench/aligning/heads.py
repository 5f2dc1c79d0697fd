"""Alignment heads: what InfoNCE, SRCL and deletion make of copies among the pairs they learn from.

Features of the model that ships are computed once for each list of posts, which takes minutes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from bench.aligning.noise import Noisy, popular, with_copies
from bench.aligning.pairs import (
    drawn_training,
    drawn_validation,
    near_duplicates,
    openclipart,
)
from bench.seeds import interval
from model_store.alignment.heads import AlignmentHeads
from model_store.shipped import SHIPPED_MODEL, SHIPPED_STORE
from model_store.store import Store
from trainer.alignment.asked_model import AskedModel
from trainer.alignment.calibration import cosines
from trainer.alignment.feature_table import FeatureTable
from trainer.alignment.heads_training import HeadsTraining, teacher_vectors, train_heads
from trainer.alignment.loss import DELETION, INFONCE, SRCL, ContrastiveLoss
from trainer.alignment.measures import Cosines, auroc, deranged, recall_at
from trainer.alignment.vectors import Vectors
from trainer.training_set import Example

SEEDS = (0, 1, 2)
NOISES = ("0", "20", "40")
METHOD = (
    "openclipart, drawn: heads alone are trained on features of the model that ships, which stays "
    "as it is: on 1,561 openclipart training posts or 576 drawn ones (captioned, see "
    "bench/aligning/pairs.py), to which copies are added until these are 0, 20 or 40% of the "
    "pairs; 200 posts are copied, the n-th an n-th as often as the first; half of the copies are "
    "the same pair again, half have a worse picture and spelling mistakes. infonce: all negatives "
    "weigh 1; srcl: by similarity, with that infonce as teacher; deletion: negatives whose weight "
    "by that teacher is below 0.25 are left out; off: mean image tokens against mean word "
    "embeddings, without heads. r@k: share of the 231 openclipart validation posts, or of 96 "
    "drawn ones, whose counterpart is among the k nearest, mean of both directions; auroc: of "
    "true pairs against ten derangements. Means over 3 seeds (of heads, batches and copies) with "
    "95% intervals (Student's t). srcl_minus_infonce is paired by seed. weight_of_copies: mean "
    "weight that srcl's teacher and trained student (alpha 0.5) give to the copies of a post "
    "among the negatives of its batch."
)


def measure_heads() -> dict[str, Any]:
    """Everything under the keys `openclipart` and `drawn`."""
    features = Features()
    with tempfile.TemporaryDirectory() as scratch:
        sets = {
            "openclipart": [openclipart(split, Path(scratch)) for split in ("train", "valid")],
            "drawn": [drawn_training(), drawn_validation()],
        }
    measured: dict[str, Any] = {}
    for kind, (train, valid) in sets.items():
        asked = features.of(f"{kind} asked", valid)
        unaligned = features.without_heads(f"{kind} asked", valid)
        known = features.of(f"{kind} learnt", train)
        copied = popular(len(train))
        near = features.of(f"{kind} copies", near_duplicates([train[row] for row in copied]))
        of_noise: dict[str, dict[str, list[dict[str, float]]]] = {one: {} for one in NOISES}
        for seed in SEEDS:
            for noise in NOISES:
                noisy = with_copies(known, near, copied, int(noise) / 100, seed)
                for name, found in trained(noisy, asked, seed, features.layer).items():
                    of_noise[noise].setdefault(name, []).append(found)
                print(kind, noise, seed, {n: v[-1] for n, v in of_noise[noise].items()}, flush=True)
        measured[kind] = {
            noise: {"off": figures(unaligned), **_summary(by_loss)}
            for noise, by_loss in of_noise.items()
        }
    return measured


def trained(
    noisy: Noisy, asked: FeatureTable, seed: int, layer: int
) -> dict[str, dict[str, float]]:
    """Figures of heads trained with each loss, under one seed."""
    training = HeadsTraining(seed=seed)
    teacher, found = None, {}
    for weighting in (INFONCE, SRCL, DELETION):
        settings = replace(training, loss=replace(training.loss, weighting=weighting))
        heads = train_heads(noisy.features, settings, text_layer=layer, teacher=teacher)
        teacher = teacher or heads
        found[weighting] = figures(cosines(heads, asked))
        if weighting == SRCL and len(noisy.source) > len(noisy.source.unique()):
            found[weighting]["weight_of_copies"] = weight_of_copies(noisy, heads, teacher, settings)
    return found


def figures(found: Cosines) -> dict[str, float]:
    """Of pictures (rows) and texts (columns), the own ones on the diagonal."""
    return {
        "r@1": recall_at(found, 1),
        "r@5": recall_at(found, 5),
        "auroc": auroc(found.diagonal(), deranged(found)),
    }


def weight_of_copies(
    noisy: Noisy, heads: AlignmentHeads, teacher: AlignmentHeads, settings: HeadsTraining
) -> float:
    """Mean weight of the negatives that are copies of their anchor, in batches as in training."""
    features, loss = noisy.features, ContrastiveLoss()
    order = torch.from_numpy(np.random.default_rng(0).permutation(len(features)))
    total, count = 0.0, 0
    for which in order.split(settings.batch_size):
        some = features.take(which)
        vectors = Vectors.of(
            *(some.rows, *teacher_vectors(heads, some)), teacher_vectors(teacher, some)
        )
        source = noisy.source[which]
        copies = (source[:, None] == source[None, :]) & ~torch.eye(len(which), dtype=torch.bool)
        total += float(loss.weights(vectors, alpha=0.5)[copies].sum())
        count += int(copies.sum())
    return total / max(1, count)


class Features:
    """Features of the model that ships, computed once for each list of posts."""

    def __init__(self) -> None:
        self._model = AskedModel.load(Store(SHIPPED_STORE).fetch(SHIPPED_MODEL), "cpu")
        self.layer = self._model.layer

    def of(self, name: str, examples: Sequence[Example], layer: int | None = None) -> FeatureTable:
        """Of posts that all have a picture and a text."""
        print(f"features of {len(examples)} posts ({name})", flush=True)
        found = self._model.features(examples, layer)
        if len(found) != len(examples):
            raise ValueError(f"some of {name} lack a picture or a text")
        return found

    def without_heads(self, name: str, examples: Sequence[Example]) -> Cosines:
        """Cosines of mean image tokens with mean word embeddings."""
        table = self.of(f"{name}, words alone", examples, 0)
        width = table.texts.shape[1]
        tokens = functional.normalize(table.pictures[:, -width:], dim=-1)
        return np.asarray((tokens @ functional.normalize(table.texts, dim=-1).T).numpy())


def _summary(by_loss: Mapping[str, Sequence[Mapping[str, float]]]) -> dict[str, Any]:
    """Means and intervals over seeds."""
    found: dict[str, Any] = {}
    for loss, of_seeds in by_loss.items():
        found[loss] = {}
        for name in of_seeds[0]:
            found[loss] |= _figure(name, [one[name] for one in of_seeds])
    found["srcl_minus_infonce"] = {}
    for name in by_loss[INFONCE][0]:
        pairs = zip(by_loss[SRCL], by_loss[INFONCE], strict=True)
        found["srcl_minus_infonce"] |= _figure(name, [one[name] - two[name] for one, two in pairs])
    return found


def _figure(name: str, values: Sequence[float]) -> dict[str, Any]:
    figure = interval(values)
    if figure is None:
        return {}
    return {name: figure["mean"], f"{name}_interval": [figure["low"], figure["high"]]}
