"""Modality dropout: now and then a post is learnt from its picture alone, or its text alone.

So a model learns what either says by itself, in just the prompt that a post without the other gets.
"""

from __future__ import annotations

import random
from dataclasses import replace

from trainer.seeding import seed_for
from trainer.training_set import Example


def drop_modality(
    example: Example, *, picture_only: float, text_only: float, seed: int, epoch: int
) -> Example:
    """The example as it is shown in an epoch: with these probabilities one part is left out.

    What has one part only is left as it is. The choice follows from seed, epoch and id, so that a
    resumed run and any number of workers make the same.
    """
    if example.image is None or not example.text.strip():
        return example
    drawn = random.Random(seed_for("modality", seed, epoch, example.id)).random()
    if drawn < picture_only:
        return replace(example, text="")
    return replace(example, image=None) if drawn < picture_only + text_only else example
