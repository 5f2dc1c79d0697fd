"""The step: how a micro-batch becomes a gradient.

Each training method is a `Step`; the loop around it (order of the posts, sum over micro-batches
and workers, clipping, update) is the same for all.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional
from transformers import PreTrainedModel

from model_store.families import Family, causal_visibility
from model_store.prompt import IGNORED, Batch


class Loss(NamedTuple):
    """The loss of a micro-batch, not yet divided."""

    total: Tensor
    """Sum of the cross-entropies of the label tokens; a detached scalar."""
    tokens: int
    """Label tokens, the end-of-sequence tokens among them."""


class Step(ABC):
    """Adds the gradient of a micro-batch to `.grad` of the trainable weights.

    The gradient is that of the *sum* over the label tokens. Only the loop, which knows how many
    label tokens the whole effective batch has, can divide; so accumulation is exact.
    """

    def __init__(self, model: PreTrainedModel, family: Family, *, bf16: bool = False) -> None:
        """`bf16`: the forward pass runs in bf16 autocast; weights that learn stay fp32."""
        self.model = model
        self.family = family
        self._bf16 = bf16

    def forward_precision(self) -> torch.autocast:
        """For the forward pass alone: a backward pass takes each operation's own precision."""
        return torch.autocast(self.model.device.type, torch.bfloat16, enabled=self._bf16)

    def begin_epoch(self, epoch: int) -> None:  # noqa: B027 - most have nothing to do
        """The calls that follow belong to this epoch, from 1."""

    @abstractmethod
    def __call__(self, ids: Sequence[str], batch: Batch) -> Loss:
        """Learns from posts with these ids, a row of the batch for each."""
        ...


class StandardStep(Step):
    """Plain fine-tuning on full picture and full text."""

    def __call__(self, ids: Sequence[str], batch: Batch) -> Loss:  # noqa: ARG002
        if batch.labels is None:
            raise ValueError("a batch without labels cannot be learnt from")
        inputs = batch.inputs
        # Logits are as wide as the vocabulary: computed only where a label is predicted.
        targets = batch.labels[:, 1:]
        wanted = targets != IGNORED
        with self.forward_precision():
            features = self.family.vision_features(self.model, inputs)
            hidden = self.family.hidden_states(
                self.model,
                self.family.inputs_embeds(self.model, inputs, features),
                causal_visibility(inputs["attention_mask"]),
                self.family.position_ids(self.model, inputs),
            )
            logits = self.model.lm_head(hidden[:, :-1][wanted])
        logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
        loss = functional.cross_entropy(logits, targets[wanted], reduction="sum")
        loss.backward()
        return Loss(loss.detach(), int(wanted.sum()))
