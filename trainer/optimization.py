"""How weights are updated: AdamW with a rate for each part, each on a cosine with warm-up."""

from __future__ import annotations

import math

from torch.optim import AdamW

from model_store.base import Base
from trainer.alignment.attached_heads import heads_of
from trainer.config import TrainConfig


def make_optimizer(base: Base, config: TrainConfig) -> AdamW:
    """AdamW over what is trained: LoRA first, then the projector, then alignment heads if the model
    has any, each with its peak rate."""
    heads = heads_of(base.model)
    projector = list(base.family.projector(base.model).parameters())
    of_heads = [] if heads is None else list(heads.parameters())
    others = {id(parameter) for parameter in (*projector, *of_heads)}
    trainable = [one for one in base.model.parameters() if one.requires_grad]
    groups = [
        {
            "params": [one for one in trainable if id(one) not in others],
            "peak": config.lora_learning_rate,
        },
        {"params": projector, "peak": config.projector_learning_rate},
    ]
    if of_heads:
        groups.append({"params": of_heads, "peak": config.alignment_learning_rate})
    return AdamW(groups, weight_decay=config.weight_decay)


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
