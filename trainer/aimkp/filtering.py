"""The filter and the joint objective: which views count, and the gradient they make together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from trainer.aimkp.view_gradients import Gradients

Joint = Literal["mean", "sum"]


def cosines(clean: Gradients, masked: Gradients) -> Tensor:
    """Cosine of the angle between two views' gradients, for each row, fp64 (B,).

    Over all trained parameters. Accumulated tensor by tensor in fp64: over a million elements at
    once, fp32 was measured to be 8e-4 off. The cosine with a gradient of zero is 0; with one that
    is not finite it is no number, and so reaches no threshold.
    """
    norms = (_inner(clean, clean) * _inner(masked, masked)).sqrt()
    return torch.where(norms == 0, 0.0, _inner(clean, masked) / norms)


def _inner(one: Gradients, other: Gradients) -> Tensor:
    products = [
        torch.linalg.vecdot(gradient.flatten(1), other[parameter].flatten(1)).double()
        for parameter, gradient in one.items()
    ]
    return torch.stack(products).sum(0)


def view_weights(kept: Tensor, joint: Joint) -> Tensor:
    """Weights of the views' gradients in a post's own, (V, B), given which are kept, bool (V, B).

    `sum` is the paper's objective, L + L_V + L_T over the kept views; `mean` the published
    code's, which averages over them.
    """
    weights = kept.double()
    return weights / weights.sum(0) if joint == "mean" else weights


def add_gradients(views: Sequence[Gradients], weights: Tensor) -> None:
    """Adds the weighted sum of all rows of all views to `.grad` of the parameters.

    `weights` is (V, B): one for each view and row. Rows of weight 0 are set to zero, for what is
    not finite would outlive its weight.
    """
    for gradients, of_view in zip(views, weights, strict=True):
        dropped = (of_view == 0).nonzero().squeeze(1)
        for gradient in gradients.values():
            gradient.index_fill_(0, dropped, 0.0)
    for parameter in views[0]:
        joint = torch.zeros_like(parameter).flatten()
        for gradients, of_view in zip(views, weights, strict=True):
            by_row = gradients[parameter].flatten(1)
            joint = torch.addmv(joint, by_row.T, of_view.to(by_row))
        joint = joint.view_as(parameter)
        parameter.grad = joint if parameter.grad is None else parameter.grad + joint
