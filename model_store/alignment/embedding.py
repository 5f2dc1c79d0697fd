"""An embedding: where a post's text and picture lie, and how well they fit."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]
"""Of unit length, (dimensions,): the cosine of two is their inner product."""


class Embedding(NamedTuple):
    """Vectors of a post; texts and pictures of one model lie in one space."""

    text: Vector | None
    """None without a text."""
    picture: Vector | None
    """None without a picture."""
    alignment: float | None
    """Probability, 0 to 1, that picture and text belong together, where half of all pairs do;
    None if either is missing."""
