"""Vectors of some pairs, as the loss compares them."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Vectors(NamedTuple):
    """A row for each of N posts that have a picture and a text; all rows are of unit length."""

    posts: Tensor
    """Numbers by which posts are known, int64 (N,); equal ones are the same post."""
    pictures: Tensor
    """(N, d)"""
    texts: Tensor
    """(N, d)"""
    teacher_pictures: Tensor
    """The same posts as a frozen teacher sees them, (N, e); e is 0 where there is none."""
    teacher_texts: Tensor
    """(N, e)"""

    @staticmethod
    def of(
        posts: Tensor, pictures: Tensor, texts: Tensor, teacher: tuple[Tensor, Tensor] | None = None
    ) -> Vectors:
        """With or without a teacher's pictures and texts."""
        none = pictures.new_zeros(len(pictures), 0).detach()
        teacher_pictures, teacher_texts = (none, none) if teacher is None else teacher
        return Vectors(posts, pictures, texts, teacher_pictures, teacher_texts)

    @property
    def has_teacher(self) -> bool:
        return self.teacher_pictures.shape[1] > 0

    def detach(self) -> Vectors:
        """The same without a graph."""
        return Vectors(*(one.detach() for one in self))

    def rows(self, which: slice) -> Vectors:
        """Some of them."""
        return Vectors(*(one[which] for one in self))

    def by_post(self) -> Vectors:
        """The same in the order of the posts' numbers, whoever had which."""
        order = self.posts.argsort(stable=True)
        return Vectors(*(one[order] for one in self))

    @staticmethod
    def cat(parts: list[Vectors]) -> Vectors:
        """One after the other; at least one."""
        return Vectors(*(torch.cat(columns) for columns in zip(*parts, strict=True)))
