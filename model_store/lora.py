"""LoRA: the small trainable part of a model, and what else of it is trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from peft import LoraConfig, inject_adapter_in_model
from peft.tuners.lora import LoraLayer
from torch import Tensor
from transformers import PreTrainedModel

from model_store.families import Family
from posts.errors import InputError

_ADAPTER = "default"
"""The name peft gives an adapter inside a model."""


@dataclass(frozen=True, kw_only=True)
class LoraSettings:
    """How large the adapter is."""

    r: int = 16
    """Rank."""
    alpha: int = 32
    """The adapter's output is scaled by alpha / r."""
    dropout: float = 0.0
    """Share of the adapter's inputs that is dropped in training."""

    def __post_init__(self) -> None:
        if self.r < 1 or self.alpha < 1 or not 0 <= self.dropout < 1:
            raise InputError("lora needs r and alpha of at least 1, and dropout from 0 to below 1")


def attach_lora(
    model: PreTrainedModel, family: Family, settings: LoraSettings
) -> list[torch.nn.Parameter]:
    """Puts LoRA into all linear layers of the language model, in place, and frees the projector.

    Everything else is frozen. Gives the trainable parameters; they are fp32, whatever the rest is.
    """
    model.requires_grad_(False)
    config = LoraConfig(
        r=settings.r,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules=family.lora_targets,
    )
    inject_adapter_in_model(config, model, adapter_name=_ADAPTER)
    family.projector(model).requires_grad_(True)
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    for parameter in trainable:
        parameter.data = parameter.data.float()
    return trainable


def merge_lora(model: PreTrainedModel) -> None:
    """Adds the adapter to the weights it belongs to, so that it costs nothing any more."""
    for module in model.modules():
        if isinstance(module, LoraLayer):
            module.merge()


class LoraMatrices(NamedTuple):
    """What the adapter adds to a weight (out, in): up @ down."""

    up: Tensor
    """(out, r), scaled."""
    down: Tensor
    """(r, in)."""


def lora_matrices(layer: LoraLayer) -> LoraMatrices:
    """Those of one layer, without their gradient."""
    up, down = layer.lora_B[_ADAPTER].weight, layer.lora_A[_ADAPTER].weight
    return LoraMatrices(up.detach() * layer.scaling[_ADAPTER], down.detach())


def lora_settings(model: PreTrainedModel) -> LoraSettings:
    """What `attach_lora` was called with."""
    config = model.peft_config[_ADAPTER]
    return LoraSettings(r=config.r, alpha=config.lora_alpha, dropout=config.lora_dropout)


def lora_weights(model: PreTrainedModel) -> dict[str, Tensor]:
    """The adapter's weights, by the names that peft gives them on disk; changes reach the model."""
    return {
        f"base_model.model.{name.replace(f'.{_ADAPTER}.', '.')}": weight
        for name, weight in model.named_parameters()
        if f".{_ADAPTER}." in name
    }
