"""Draws that depend on a post's id alone: the same in whatever order, company and run it comes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np

_SEED = 0


def generator(purpose: str, post_id: str) -> np.random.Generator:
    """A post's own random numbers; those for one purpose say nothing of those for another."""
    return np.random.default_rng(int.from_bytes(_digest(purpose, post_id)))


def ranked(purpose: str, posts: Iterable[tuple[int, str]]) -> list[int]:
    """Rows, of pairs of row and id, in a random order.

    The first posts of a longer draw are those of a shorter one. So a share is exact, and a larger
    share holds the smaller ones: a curve over shares shows the share, not the draw.
    """
    return [row for _, row in sorted((_digest(purpose, post_id), row) for row, post_id in posts)]


def _digest(purpose: str, post_id: str) -> bytes:
    return hashlib.sha256(f"{_SEED} {purpose} {post_id}".encode()).digest()
