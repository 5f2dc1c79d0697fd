"""Per-view gradients: what one backward pass over a batch says about each of its rows.

A row of a batch is one view of one post. Autograd would give the sum of the rows' gradients; here
each LoRA layer's own backward keeps them apart, as `bmm(g^T, x)`, and leaves `.grad` empty. A
custom function does it, not module hooks, which would keep activations alive and run twice under
gradient checkpointing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from peft.tuners.lora import Linear as LoraLinear
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import Parameter, functional
from transformers import PreTrainedModel

Gradients = dict[Parameter, Tensor]
"""For each trained parameter its gradient by row, (B, *shape of the parameter)."""


class Recorder:
    """Where the LoRA layers of a model leave their gradients by row."""

    def __init__(self, model: PreTrainedModel) -> None:
        """From now on the model's LoRA layers ask this recorder whether to keep rows apart."""
        self.is_recording = False
        self._rows = 0
        self._which: Tensor | None = None
        self._gradients: Gradients = {}
        for module in model.modules():
            if isinstance(module, LoraLinear):
                # The class is swapped, not the module: parameters keep their names and places.
                module.__class__ = _RecordedLoraLinear
                module.recorder = self

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Inside, rows are kept apart: forward passes and their backward passes belong here."""
        self.is_recording = True
        try:
            yield
        finally:
            self.is_recording = False

    def backward(
        self, loss: Tensor, *, rows: int, which: Tensor | None = None, keep_graph: bool = False
    ) -> Gradients:
        """Gradients of a loss that is a sum over views, by row, for all LoRA parameters.

        `rows` is B; `which` (b,) says which of these the rows of the recorded passes are, and
        None that they are all, in order. Rows that had no part are zero.
        """
        self._rows, self._which, self._gradients = rows, which, {}
        loss.backward(retain_graph=keep_graph)
        gradients, self._gradients = self._gradients, {}
        return gradients

    def add(self, parameter: Parameter, gradient: Tensor) -> None:
        """Adds a layer's gradient by row, (b, *shape)."""
        so_far = self._gradients.get(parameter)
        if so_far is None and self._which is None:
            self._gradients[parameter] = gradient.to(parameter.dtype)
            return
        if so_far is None:
            so_far = gradient.new_zeros((self._rows, *parameter.shape), dtype=parameter.dtype)
            self._gradients[parameter] = so_far
        if self._which is None:
            so_far += gradient
        else:
            so_far.index_add_(0, self._which, gradient.to(so_far.dtype))


class _RecordedLoraLinear(LoraLinear):
    """peft's layer, but for passes that a recorder listens to."""

    recorder: Recorder

    def forward(self, x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        if not (self.recorder.is_recording and torch.is_grad_enabled()):
            return super().forward(x, *args, **kwargs)
        (adapter,) = self.active_adapters
        base = self.get_base_layer()
        dropped = self.lora_dropout[adapter](x)
        return _LoraByRow.apply(
            x,
            None if dropped is x else dropped,
            base.weight,
            base.bias,
            self.lora_A[adapter].weight,
            self.lora_B[adapter].weight,
            self.scaling[adapter],
            self.recorder,
        )


class _LoraByRow(torch.autograd.Function):
    """y = x W^T + bias + scaling * (dropout(x) A^T) B^T, with W and bias frozen.

    The backward pass gives the gradient of x alone; those of A and B go to the recorder, by row.
    """

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        dropped: Tensor | None,
        weight: Tensor,
        bias: Tensor | None,
        a: Parameter,
        b: Parameter,
        scaling: float,
        recorder: Recorder,
    ) -> Tensor:
        dtype = _computing_dtype(x)
        x, dropped = x.to(dtype), None if dropped is None else dropped.to(dtype)
        inner = functional.linear(x if dropped is None else dropped, a.to(dtype))
        y = functional.linear(x, weight.to(dtype), None if bias is None else bias.to(dtype))
        y += functional.linear(inner, b.to(dtype) * scaling)
        ctx.save_for_backward(x if dropped is None else dropped, inner, weight)
        ctx.a, ctx.b, ctx.scaling, ctx.recorder = a, b, scaling, recorder
        ctx.has_dropout = dropped is not None
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        x, inner, weight = ctx.saved_tensors
        g_inner = g @ (ctx.b.to(g.dtype) * ctx.scaling)
        ctx.recorder.add(ctx.b, _by_row(g, inner) * ctx.scaling)
        ctx.recorder.add(ctx.a, _by_row(g_inner, x))
        g_x, g_dropped = None, None
        if ctx.needs_input_grad[0]:
            g_x = g @ weight.to(g.dtype)
        if ctx.has_dropout and ctx.needs_input_grad[1]:
            g_dropped = g_inner @ ctx.a.to(g.dtype)
        elif g_x is not None:
            g_x += g_inner @ ctx.a.to(g.dtype)
        return g_x, g_dropped, None, None, None, None, None, None


def _computing_dtype(x: Tensor) -> torch.dtype:
    if torch.is_autocast_enabled(x.device.type):
        return torch.get_autocast_dtype(x.device.type)
    return x.dtype


def _by_row(g: Tensor, x: Tensor) -> Tensor:
    """Gradient of a weight for each row of outputs' gradients (B, L, o) and inputs (B, L, i)."""
    return torch.bmm(g.transpose(1, 2), x)
