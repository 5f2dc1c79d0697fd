"""The queue: vectors of the posts seen last, as negatives for batches that are too small."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from trainer.alignment.vectors import Vectors


class FeatureQueue:
    """The last `size` posts, oldest first; no gradient reaches them."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._vectors: Vectors | None = None

    def __len__(self) -> int:
        return 0 if self._vectors is None else len(self._vectors.posts)

    @property
    def vectors(self) -> Vectors | None:
        """What is in it; None if nothing is."""
        return self._vectors if len(self) else None

    def push(self, batch: Vectors) -> None:
        """Puts posts in, and those that have been in it for longest out."""
        if self._size:
            known = [] if self._vectors is None else [self._vectors]
            # Cloned, or a few rows would keep a whole batch in memory.
            last = Vectors.cat([*known, batch.detach()]).rows(slice(-self._size, None))
            self._vectors = Vectors(*(one.clone() for one in last))

    def state(self) -> dict[str, Tensor]:
        """For a checkpoint; empty if the queue is."""
        if self._vectors is None:
            return {}
        return {name: one.cpu() for name, one in self._vectors._asdict().items()}

    def restore(self, state: Mapping[str, Tensor], device: torch.device) -> None:
        """Inverse of `state`."""
        if state:
            self._vectors = Vectors(**{name: one.to(device) for name, one in state.items()})
