"""Histories of runs, for tests of what is told of them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

from trainer.aimkp.insight import epoch_insight
from trainer.aimkp.strides import Modality, Progression, Strides
from trainer.metrics import score


def history(
    epochs: int, *, masked: Collection[Modality] = tuple(Modality), tau: float = 0.4
) -> list[dict[str, Any]]:
    """That of a run that masks these modalities, and whose views have cosines around 0.6."""
    strides, generator = Strides(), np.random.default_rng(0)
    how = Progression(largest=dict.fromkeys(Modality, 0))
    entries = []
    for epoch in range(1, epochs + 1):
        for number in range(20):
            for modality in Modality:
                post = str(number)
                if modality in masked and strides.of(post, modality).stride > 1:
                    cosine = float(generator.normal(0.6, 0.3))
                    strides.made(
                        *(post, modality, how), epoch=epoch, cosine=cosine, kept=cosine >= tau
                    )
                else:
                    strides.visited(post, modality, how)
        views = epoch_insight(strides, epoch, dict.fromkeys(Modality, tau))
        entries.append({"epoch": epoch, "loss": 1 / epoch, "scores": score([]), "views": views})
    return entries
