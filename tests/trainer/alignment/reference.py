"""The contrastive loss as the paper writes it, pair by pair and without any care for speed."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def literal_loss(
    anchors: Tensor,
    others: Tensor,
    posts: list[int],
    others_posts: list[int],
    *,
    tau: float,
    weights: list[list[float]] | None = None,
) -> Tensor:
    """L_v for pictures `anchors` and texts `others`, whose first rows are the anchors' own."""
    total = anchors.new_zeros(())
    for i in range(len(anchors)):
        own = torch.exp(torch.dot(anchors[i], others[i]) / tau)
        below = own
        for j in range(len(others)):
            if posts[i] != others_posts[j]:
                weight = 1.0 if weights is None else weights[i][j]
                below = below + weight * torch.exp(torch.dot(anchors[i], others[j]) / tau)
        total = total - torch.log(own / below)
    return total / len(anchors)


def literal_weights(
    ours: Tensor,
    teachers: Tensor,
    posts: list[int],
    others_posts: list[int],
    *,
    alpha: float,
    tau_s: float,
) -> list[list[float]]:
    """w of the paper, from cosines, with the temperature inside."""
    found = []
    for i in range(len(ours)):
        inverse = {}
        for j in range(ours.shape[1]):
            if posts[i] != others_posts[j]:
                teacher = math.exp(float(teachers[i, j]) / tau_s)
                student = math.exp(float(ours[i, j]) / tau_s)
                inverse[j] = 1 / (alpha * teacher + (1 - alpha) * student)
        mean = sum(inverse.values()) / len(inverse)
        found.append([inverse.get(j, 0.0) / mean for j in range(ours.shape[1])])
    return found
