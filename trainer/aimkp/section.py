"""A section: some of each row's tokens, cut out of a batch and pushed together.

A masked token is no key for anyone, so it is not computed at all: a view is a batch of the tokens
it keeps, which stay at their old positions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Section:
    """L tokens of each of B rows of a batch; shorter rows are filled up at the end."""

    columns: Tensor
    """Where each token lies in its row of the batch, (B, L)."""
    real: Tensor
    """Which are tokens and not filling, bool (B, L)."""
    seen: Tensor
    """Which of them are keys, bool (B, L)."""

    @classmethod
    def of(cls, kept: Tensor, seen: Tensor) -> Self:
        """The tokens where `kept`, bool (B, T); of these only those where `seen` are keys."""
        longest = int(kept.sum(1).max())
        columns = (~kept).int().argsort(dim=1, stable=True)[:, :longest]
        real = kept.gather(1, columns)
        return cls(columns=columns, real=real, seen=real & seen.gather(1, columns))

    @property
    def length(self) -> int:
        return self.columns.shape[1]

    def take(self, values: Tensor) -> Tensor:
        """The section's part (B, L, ..) of values (B, T, ..)."""
        rows = torch.arange(len(self.columns), device=self.columns.device).unsqueeze(1)
        return values[rows, self.columns]

    def take_positions(self, position_ids: Tensor) -> Tensor:
        """The section's part of position ids (B, T), or (3, B, T)."""
        return position_ids.gather(-1, self.columns.expand(*position_ids.shape[:-1], -1))

    def visibility(self, before: Section | None = None) -> Tensor:
        """Which keys each token sees, bool (B, L, K): its section's up to itself, and all of
        `before`, whose keys come first."""
        length, device = self.length, self.columns.device
        causal = torch.ones(length, length, dtype=torch.bool, device=device).tril()
        own = causal & self.seen.unsqueeze(1)
        if before is None:
            return own
        return torch.cat([before.seen.unsqueeze(1).expand(-1, length, -1), own], dim=2)
