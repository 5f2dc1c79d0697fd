"""How alignment begins in a training: features of all posts, a teacher, and fresh heads."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, distributed

from model_store.alignment.features import usual_text_layer
from model_store.alignment.heads import AlignmentHeads, HeadsShape
from model_store.base import Base
from model_store.prompt import Prompt
from trainer.alignment.attached_heads import attach_heads
from trainer.alignment.feature_table import FeatureTable
from trainer.alignment.heads_training import (
    HeadsTraining,
    fresh_heads,
    teacher_vectors,
    train_heads,
)
from trainer.alignment.loss import INFONCE, SRCL, ContrastiveLoss
from trainer.alignment.objective import AlignmentObjective
from trainer.alignment.queue import FeatureQueue
from trainer.alignment.teacher import Teacher
from trainer.config import TrainConfig
from trainer.training_set import TrainingSet
from trainer.vision_cache import VisionCache


def begin_alignment(
    *,
    base: Base,
    examples: TrainingSet,
    prompt: Prompt,
    vision: VisionCache | None = None,
    config: TrainConfig,
    updates: int,
) -> AlignmentObjective | None:
    """Attaches heads to the model; None if the settings do not ask for alignment.

    All workers compute the same, for none has anything better to do; then all take the first one's
    heads and teacher, lest their processors round differently. Every post goes through the model
    once for it.
    """
    if config.alignment == "off":
        return None
    layer = usual_text_layer(base.model, base.family)
    features = FeatureTable.of(base, prompt, examples, layer, vision)
    settings = HeadsTraining(
        loss=ContrastiveLoss(weighting=INFONCE, temperature=config.alignment_temperature),
        dimensions=config.alignment_dimensions,
        seed=config.seed,
    )
    seen = None
    if config.alignment == SRCL:
        teacher = train_heads(features, settings, text_layer=layer)
        seen = teacher_vectors(teacher, features)
    torch.manual_seed(config.seed)
    heads = fresh_heads(features, settings, layer)
    _share([*heads.parameters(), *heads.buffers(), *(seen or ())], base.model.device)
    known = Teacher.of_rows(examples.ids(), features.rows, seen)
    return _objective(base, heads, known, config, updates)


def resume_alignment(
    state: Mapping[str, Tensor],
    *,
    base: Base,
    examples: TrainingSet,
    config: TrainConfig,
    updates: int,
) -> AlignmentObjective:
    """As it was in a checkpoint, but for the weights of the heads, which a checkpoint has with all
    others."""
    kept = {part: _part(state, part) for part in ("heads", "teacher", "queue")}
    shape = HeadsShape(
        picture_width=len(kept["heads"]["picture.mean"]),
        text_width=len(kept["heads"]["text.mean"]),
        text_layer=usual_text_layer(base.model, base.family),
        dimensions=config.alignment_dimensions,
    )
    heads = AlignmentHeads(shape, dropout=HeadsTraining().dropout)
    for name, buffer in heads.named_buffers():
        buffer.copy_(kept["heads"][name])
    teacher = Teacher.restored(examples.ids(), kept["teacher"])
    objective = _objective(base, heads, teacher, config, updates)
    objective.queue.restore(kept["queue"], base.model.device)
    return objective


def _objective(
    base: Base, heads: AlignmentHeads, teacher: Teacher, config: TrainConfig, updates: int
) -> AlignmentObjective:
    attach_heads(base.model, heads.to(base.model.device).train(base.model.training))
    return AlignmentObjective(
        *(base, heads, teacher),
        loss=ContrastiveLoss(
            weighting=config.alignment,
            temperature=config.alignment_temperature,
            weight_temperature=config.alignment_weight_temperature,
        ),
        beta=config.beta,
        queue=FeatureQueue(config.alignment_queue),
        updates=updates,
        seed=config.seed,
    )


def _part(state: Mapping[str, Tensor], part: str) -> dict[str, Tensor]:
    below = f"{part}/"
    return {name.removeprefix(below): one for name, one in state.items() if name.startswith(below)}


def _share(tensors: list[Tensor], device: torch.device) -> None:
    """Gives all workers the first one's, in place; on the device where they can speak."""
    if not distributed.is_initialized() or distributed.get_world_size() == 1:
        return
    for one in tensors:
        there = one.detach().to(device)
        distributed.broadcast(there, src=0)
        one.data.copy_(there)
