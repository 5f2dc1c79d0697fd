"""The gather: the vectors of all workers, as if they were one batch.

Each worker computes the loss of the whole batch, and takes the gradient at its own rows alone. The
workers' gradients of the weights, summed as they are for any update, are then those of one worker
that has the whole batch; no gradient need travel for it.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, distributed

from trainer.alignment.vectors import Vectors


class Gathered(NamedTuple):
    """The vectors of all workers, in the order of their ranks, without a graph."""

    vectors: Vectors
    own: slice
    """The rows of this worker."""


def gather(own: Vectors) -> Gathered:
    """To be called by all workers together; each may have another number of rows, or none."""
    own = own.detach()
    if not distributed.is_initialized() or distributed.get_world_size() == 1:
        return Gathered(own, slice(0, len(own.posts)))
    counts = _counts(own.posts)
    start = sum(counts[: distributed.get_rank()])
    parts = [_gather_rows(one, counts) for one in own]
    return Gathered(Vectors(*parts), slice(start, start + len(own.posts)))


def sum_over_workers(number: float, device: torch.device) -> float:
    """Exact for whole numbers up to 2^53."""
    if not distributed.is_initialized() or distributed.get_world_size() == 1:
        return number
    total = torch.tensor([number], dtype=torch.float64, device=device)
    distributed.all_reduce(total)
    return total.item()


def _counts(rows: Tensor) -> list[int]:
    mine = torch.tensor([len(rows)], device=rows.device)
    counts = [torch.zeros_like(mine) for _ in range(distributed.get_world_size())]
    distributed.all_gather(counts, mine)
    return [int(one) for one in counts]


def _gather_rows(rows: Tensor, counts: list[int]) -> Tensor:
    """Padded on the way, for all must send as much."""
    padded = rows.new_zeros((max(counts), *rows.shape[1:]))
    padded[: len(rows)] = rows
    received = [torch.empty_like(padded) for _ in counts]
    distributed.all_gather(received, padded)
    return torch.cat([one[:count] for one, count in zip(received, counts, strict=True)])
