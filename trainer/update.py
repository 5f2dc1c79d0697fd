"""The update: gradients summed over micro-batches and workers, divided once, clipped, applied."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, distributed
from torch.nn import Parameter
from torch.nn.utils import clip_grad_norm_
from torch.optim import Optimizer

from posts.errors import JobError
from trainer.step import Loss


class GlobalLoss(NamedTuple):
    """The loss of an effective batch, over all workers."""

    total: float
    tokens: int

    @property
    def mean(self) -> float:
        return self.total / max(1, self.tokens)


def apply_update(optimizer: Optimizer, losses: Sequence[Loss], max_grad_norm: float) -> GlobalLoss:
    """Turns the gradients in `.grad` into one update of the weights, and clears them.

    The gradients are sums over label tokens; the sum over all workers is divided by the label
    tokens of the whole effective batch. So one worker and many make the same update of the same
    batch, however it is cut and however uneven the parts. Raises JobError if loss or gradient is
    not finite.
    """
    parameters = [one for group in optimizer.param_groups for one in group["params"]]
    for parameter in parameters:
        if parameter.grad is None:
            # The optimizer would pass it over, momentum and all, on a worker that has no picture.
            parameter.grad = torch.zeros_like(parameter)
    total = sum((loss.total for loss in losses), start=torch.zeros((), device=parameters[0].device))
    loss = _sum_over_workers(parameters, total, sum(loss.tokens for loss in losses))
    for parameter in parameters:
        _gradient(parameter).div_(max(1, loss.tokens))
    norm = clip_grad_norm_(parameters, max_grad_norm)
    if not (math.isfinite(loss.total) and bool(torch.isfinite(norm))):
        # Judged after the sum, so that all workers stop together, and before any weight changes.
        raise JobError(
            "the loss or its gradient is no longer a number; lower the learning rates, or set "
            "precision to fp32"
        )
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return loss


def _sum_over_workers(parameters: Sequence[Parameter], total: Tensor, tokens: int) -> GlobalLoss:
    """Sums gradients, loss and token count in one message."""
    if not distributed.is_initialized() or distributed.get_world_size() == 1:
        return GlobalLoss(float(total), tokens)
    gradients = [_gradient(parameter).flatten() for parameter in parameters]
    # Two numbers ride along; a count of tokens stays exact in fp32 up to 16 million.
    numbers = gradients[0].new_tensor([float(total), float(tokens)])
    flat = torch.cat([*gradients, numbers])
    distributed.all_reduce(flat)
    for parameter, part in zip(
        parameters, flat[:-2].split([p.numel() for p in parameters]), strict=True
    ):
        parameter.grad = part.view_as(parameter)
    return GlobalLoss(float(flat[-2]), int(flat[-1]))


def _gradient(parameter: Parameter) -> Tensor:
    assert parameter.grad is not None  # noqa: S101 - `apply_update` has seen to it
    return parameter.grad
