"""How weights are updated: AdamW with two rates, each on a cosine with warm-up."""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch.nn import Parameter
from torch.optim import AdamW

from trainer.config import TrainConfig


def make_optimizer(
    lora: Sequence[Parameter], projector: Sequence[Parameter], config: TrainConfig
) -> AdamW:
    """AdamW over two groups, LoRA first, projector second, each with its peak rate."""
    return AdamW(
        [
            {"params": list(lora), "peak": config.lora_learning_rate},
            {"params": list(projector), "peak": config.projector_learning_rate},
        ],
        weight_decay=config.weight_decay,
    )


def set_rates(optimizer: AdamW, update: int, updates: int, warmup_ratio: float) -> None:
    """Sets the rates for an update, counted from 0.

    They follow from the count alone, so a schedule has no state that a resumed run could lose.
    """
    for group in optimizer.param_groups:
        group["lr"] = group["peak"] * rate_factor(update, updates, warmup_ratio)


def rate_factor(update: int, updates: int, warmup_ratio: float) -> float:
    """Share of the peak rate: a line up over the warm-up, then half a cosine down to 0."""
    warmup = math.ceil(warmup_ratio * updates)
    if update < warmup:
        return (update + 1) / (warmup + 1)
    progress = (update - warmup) / max(1, updates - warmup)
    return 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
