"""Which posts are learnt when, and by whom.

An epoch is a seeded shuffle cut into global batches; each worker takes its share of every batch.
So no post is dropped or seen twice, whatever the number of workers, and the batches are the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Order:
    """The order of `posts` rows under a seed."""

    posts: int
    batch_size: int
    """Of a global batch; an epoch's last one may be smaller."""
    seed: int

    @property
    def batches(self) -> int:
        """Global batches, that is updates, in an epoch."""
        return -(-self.posts // self.batch_size)

    def batch(self, epoch: int, number: int) -> Rows:
        """Rows of a global batch."""
        rows = _shuffled(self.posts, self.seed, epoch)
        return rows[number * self.batch_size : (number + 1) * self.batch_size]

    def share(self, epoch: int, number: int, rank: int, workers: int) -> Rows:
        """A worker's part of a global batch; empty if there are more workers than rows."""
        return self.batch(epoch, number)[rank::workers]


@lru_cache(maxsize=2)
def _shuffled(posts: int, seed: int, epoch: int) -> Rows:
    """Kept for the epoch under way: a shuffle for every batch would cost more than the batch."""
    rows = np.random.default_rng([seed, epoch]).permutation(posts)
    rows.setflags(write=False)
    return rows
