"""Training sets in which some pairs are copies of others."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from trainer.alignment.feature_table import FeatureTable

POPULAR = 200
"""Posts that are copied at all; the first of them most often, the n-th an n-th as often."""


class Noisy(NamedTuple):
    """A training set with copies in it."""

    features: FeatureTable
    source: Tensor
    """For each of its posts which post it is, or is a copy of, int64 (N,)."""


def popular(count: int) -> np.ndarray:
    """Which of `count` posts are copied, the most popular first."""
    return np.random.default_rng(count).permutation(count)[:POPULAR]


def with_copies(
    features: FeatureTable, near: FeatureTable, copied: np.ndarray, share: float, seed: int
) -> Noisy:
    """All posts, and so many copies that these are a share of the whole.

    `near` has near-duplicates of the posts `copied`, in that order. A copy is either the very same
    pair or its near-duplicate, as often one as the other.
    """
    posts = len(features)
    copies = round(posts * share / (1 - share))
    random = np.random.default_rng([seed, 2])
    chances = 1 / np.arange(1, len(copied) + 1)
    chosen = random.choice(len(copied), copies, p=chances / chances.sum())
    is_near = random.random(copies) < 0.5
    every = _cat(features, near)
    places = np.where(is_near, posts + chosen, copied[chosen])
    which = torch.from_numpy(np.concatenate([np.arange(posts), places]))
    source = torch.from_numpy(np.concatenate([np.arange(posts), copied[chosen]]))
    # Nobody tells the training that a copy is one: each has a number of its own.
    taken = every.take(which)
    numbered = FeatureTable(
        rows=torch.arange(len(which)), pictures=taken.pictures, texts=taken.texts
    )
    return Noisy(numbered, source)


def _cat(one: FeatureTable, other: FeatureTable) -> FeatureTable:
    return FeatureTable(
        rows=torch.cat([one.rows, other.rows]),
        pictures=torch.cat([one.pictures, other.pictures]),
        texts=torch.cat([one.texts, other.texts]),
    )
