"""Quantisation: the weights of a language model as int8.

Each row of a weight is rounded to 255 steps of its own size (symmetric, by its largest value). The
weights become floating point as they are used, a block at a time: bf16 where the processor
multiplies that faster, as training does, which may halve the time of a product, else fp32. All else
is computed in fp32, and so are the scores of words. Activations are never rounded to the range of
their batch, for an answer is not to depend on the posts it shares a batch with.
"""

from __future__ import annotations

import time
from functools import cache

import torch
from peft.tuners.lora import LoraLayer
from torch import Tensor, nn
from transformers import PreTrainedModel

from model_store.families import Family
from model_store.lora import LoraMatrices, lora_matrices

_STEPS = 127
_TINY = torch.finfo(torch.float32).tiny
_BLOCK = 2**20
"""Weights that are floating point at a time, when used: few enough for a processor's cache."""
_BF16_INSTRUCTIONS = ("avx512_bf16", "amx_bf16", "bf16")
"""As torch names them on x86 and on Arm."""
_FASTER = 0.8
"""Of the time in fp32, what bf16 may take: for less it is not worth its rounding."""
_SMALL_BLOCK = 2**17
"""The same while they are rounded: what comes and goes must be small beside what stays, or memory
becomes full of holes that nothing fits into."""


class Int8Weight(nn.Module):
    """A matrix (rows, columns) as int8 and a scale (rows, 1) in fp32."""

    values: Tensor
    scale: Tensor

    def __init__(self, weight: Tensor, lora: LoraMatrices | None = None) -> None:
        super().__init__()
        self.register_buffer("values", torch.empty_like(weight, dtype=torch.int8))
        self.register_buffer("scale", torch.empty(len(weight), 1, device=weight.device))
        size = max(_SMALL_BLOCK // weight.shape[1], 1)
        for start in range(0, len(weight), size):
            rows = slice(start, start + size)
            exact = weight[rows].to(torch.float32, copy=True)
            if lora is not None:
                exact += lora.up[rows] @ lora.down
            # A row of zeros has no size; any step will do for it.
            scale = (exact.abs().amax(1, keepdim=True) / _STEPS).clamp_min_(_TINY)
            self.scale[rows] = scale
            self.values[rows] = exact.div_(scale).round_()


class Int8Linear(nn.Module):
    """A linear layer with such a weight."""

    bias: Tensor | None

    def __init__(
        self, weight: Int8Weight, bias: Tensor | None, precision: torch.dtype = torch.float32
    ) -> None:
        """`precision`: what is multiplied; the output has the type of the input all the same."""
        super().__init__()
        self.weight = weight
        self.precision = precision
        self.register_buffer("bias", bias)

    def forward(self, states: Tensor) -> Tensor:
        values = self.weight.values
        flat = states.reshape(-1, states.shape[-1]).to(self.precision)
        output = flat.new_empty(len(flat), len(values))
        size = max(_BLOCK // values.shape[1], 1)
        for block, part in zip(values.split(size), output.split(size, dim=1), strict=True):
            torch.mm(flat, block.to(flat.dtype).T, out=part)
        output = output.to(states.dtype)
        output *= self.weight.scale.squeeze(1)
        if self.bias is not None:
            output += self.bias
        return output.view(*states.shape[:-1], -1)


class Int8Embedding(nn.Module):
    """Word vectors, one a row of such a weight."""

    def __init__(self, weight: Int8Weight) -> None:
        super().__init__()
        self.weight = weight

    def forward(self, tokens: Tensor) -> Tensor:
        return self.weight.values[tokens] * self.weight.scale[tokens]


def native_precision(device: str) -> torch.dtype:
    """bf16 if that is what the device multiplies fastest, else fp32."""
    if device.startswith("cuda"):
        fast = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        capabilities = torch.cpu.get_capabilities()
        fast = any(capabilities.get(name, False) for name in _BF16_INSTRUCTIONS)
        # Of two processors with the same instructions, bf16 took one half of fp32's time, and the
        # other twice as long.
        fast = fast and _product_time(torch.bfloat16) < _FASTER * _product_time(torch.float32)
    return torch.bfloat16 if fast else torch.float32


@cache
def _product_time(precision: torch.dtype) -> float:
    """Seconds of a product like those of a small language model, the least of a few."""
    states, weight = torch.ones(256, 576, dtype=precision), torch.ones(1536, 576, dtype=precision)
    taken = []
    for _ in range(6):
        begun = time.perf_counter()
        torch.mm(states, weight.T)
        taken.append(time.perf_counter() - begun)
    return min(taken)


@torch.no_grad()
def quantize(
    model: PreTrainedModel, family: Family, precision: torch.dtype = torch.float32
) -> None:
    """Rounds the language model's linear layers, its embedding and its head, in place.

    LoRA goes into the weights before they are rounded. All else becomes fp32: tower, projector and
    norms are small. `precision` is that of products, but for the head's, which are fp32.
    """
    # The largest goes first, while least is in memory.
    embedding, head = model.get_input_embeddings(), model.lm_head
    tied = head.weight is embedding.weight
    words = Int8Weight(embedding.weight)
    model.set_input_embeddings(Int8Embedding(words))
    model.lm_head = Int8Linear(words if tied else Int8Weight(head.weight), head.bias)
    del embedding, head
    _replace_linear(family.language_model(model), precision)
    model.float()


def _replace_linear(module: nn.Module, precision: torch.dtype) -> None:
    for name, child in module.named_children():
        if isinstance(child, LoraLayer | nn.Linear):
            setattr(module, name, _linear(child, precision))
        else:
            _replace_linear(child, precision)


def _linear(layer: LoraLayer | nn.Linear, precision: torch.dtype) -> Int8Linear:
    if isinstance(layer, LoraLayer):
        base = layer.get_base_layer()
        weight, bias = Int8Weight(base.weight, lora_matrices(layer)), base.bias
    else:
        weight, bias = Int8Weight(layer.weight), layer.bias
    return Int8Linear(weight, bias, precision)
