"""Vectors of posts: where the text and the picture of a post lie in the space of a model."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

STORED = np.dtype("<f2")
"""Half precision: cosines are off by less than 0.001, and the vectors take half the room."""
_DIGITS = 6
"""Behind the point, of a number in JSON: all that it had in binary would take twice the room."""


class Modality(StrEnum):
    """The part of a post that a vector is of."""

    TEXT = "text"
    PICTURE = "picture"

    @property
    def field(self) -> str:
        """Where a stored document has it."""
        return f"{self}_vector"


@dataclass(frozen=True, kw_only=True, slots=True)
class Vectors:
    """Of unit length, so that the cosine of two is their inner product; None: there is none."""

    text: tuple[float, ...] | None = None
    picture: tuple[float, ...] | None = None

    def of(self, modality: Modality) -> tuple[float, ...] | None:
        return self.text if modality is Modality.TEXT else self.picture


def encoded_vectors(vectors: Vectors | None) -> dict[str, str]:
    """Those that there are, by field, as text in half precision."""
    return {
        field: base64.b64encode(np.asarray(vector, STORED).tobytes()).decode()
        for field, vector in _by_field(vectors)
    }


def decoded_vector(source: Mapping[str, Any], modality: Modality) -> bytes | None:
    """Of a stored document, in half precision; None: it has none."""
    stored = source.get(modality.field)
    return None if stored is None else base64.b64decode(stored)


def listed_vectors(vectors: Vectors | None) -> dict[str, list[float]]:
    """Those that there are, by field, as numbers with as many digits as make a difference."""
    return {
        field: np.asarray(vector, np.float64).round(_DIGITS).tolist()
        for field, vector in _by_field(vectors)
    }


def _by_field(vectors: Vectors | None) -> list[tuple[str, tuple[float, ...]]]:
    if vectors is None:
        return []
    pairs = ((each.field, vectors.of(each)) for each in Modality)
    return [(field, vector) for field, vector in pairs if vector is not None]
