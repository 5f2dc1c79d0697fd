"""The teacher: heads trained with InfoNCE before the first epoch, and frozen.

Only its vectors are kept, one row for each post of the training set, for nothing about it changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor


class Teacher:
    """Knows the posts of a training set, by number and by how it sees them."""

    def __init__(
        self, ids: Sequence[str], pictures: Tensor | None = None, texts: Tensor | None = None
    ) -> None:
        """`ids` of all posts; `pictures` and `texts` (posts, d), or None for a run without one."""
        self._numbers = {post: number for number, post in enumerate(ids)}
        self._vectors = None if pictures is None or texts is None else (pictures, texts)

    @classmethod
    def of_rows(
        cls, ids: Sequence[str], rows: Tensor, vectors: tuple[Tensor, Tensor] | None
    ) -> Teacher:
        """With the vectors (M, d) of those posts, by row, that have a picture and a text; those of
        others are zero and never asked for."""
        if vectors is None:
            return cls(ids)
        spread = []
        for one in vectors:
            every = one.new_zeros(len(ids), one.shape[1])
            every[rows] = one
            spread.append(every)
        return cls(ids, *spread)

    def numbers(self, ids: Sequence[str]) -> Tensor:
        """Of posts, int64."""
        return torch.tensor([self._numbers[one] for one in ids], dtype=torch.int64)

    def vectors(self, posts: Tensor) -> tuple[Tensor, Tensor] | None:
        """Pictures and texts of posts with these numbers, (N, d) each; None without a teacher."""
        if self._vectors is None:
            return None
        pictures, texts = (one[posts.to(one.device)].to(posts.device) for one in self._vectors)
        return pictures, texts

    def state(self) -> dict[str, Tensor]:
        """For a checkpoint."""
        if self._vectors is None:
            return {}
        return {"pictures": self._vectors[0].cpu(), "texts": self._vectors[1].cpu()}

    @classmethod
    def restored(cls, ids: Sequence[str], state: Mapping[str, Tensor]) -> Teacher:
        """Inverse of `state`."""
        return cls(ids, state.get("pictures"), state.get("texts"))
