"""The heads: they turn what a model makes of a picture, and of a text, into comparable vectors."""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from torch import Tensor, nn
from torch.nn import functional

from posts.errors import InputError

_SMALLEST_SPREAD = 1e-3
"""Of a feature over posts, lest one that never changes is blown up."""


@dataclass(frozen=True, kw_only=True)
class HeadsShape:
    """Sizes of the heads. Raises InputError for what cannot be."""

    picture_width: int
    """Of a picture's features."""
    text_width: int
    """Of a text's features."""
    text_layer: int
    """Layers of the language model that a text goes through; 0 leaves it at its embeddings."""
    dimensions: int = 128
    """Of the vectors."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value, least = getattr(self, field.name), int(field.name != "text_layer")
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                raise InputError(f"{field.name} of alignment heads must be at least {least}")


class AlignmentHeads(nn.Module):
    """A linear map for each modality, from features to vectors of unit length.

    Features are first shifted and scaled by constants, so that all are of one size over posts.
    """

    def __init__(self, shape: HeadsShape, *, dropout: float = 0.0) -> None:
        """`dropout`: share of the features left out in training."""
        super().__init__()
        self.shape = shape
        self.picture = _Head(shape.picture_width, shape.dimensions, dropout)
        self.text = _Head(shape.text_width, shape.dimensions, dropout)

    def pictures(self, features: Tensor) -> Tensor:
        """Vectors (N, dimensions) of pictures with features (N, picture_width)."""
        vectors: Tensor = self.picture(features)
        return vectors

    def texts(self, features: Tensor) -> Tensor:
        """Vectors (N, dimensions) of texts with features (N, text_width)."""
        vectors: Tensor = self.text(features)
        return vectors


class _Head(nn.Module):
    mean: Tensor
    scale: Tensor

    def __init__(self, entering: int, leaving: int, dropout: float) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(entering))
        self.register_buffer("scale", torch.ones(entering))
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(entering, leaving)

    def measure(self, features: Tensor) -> None:
        """Takes the constants from features (N, entering) of some posts."""
        spread = features.float().std(0, correction=0).clamp_min(_SMALLEST_SPREAD)
        self.mean.copy_(features.float().mean(0))
        self.scale.copy_(1 / spread)

    def forward(self, features: Tensor) -> Tensor:
        # In the heads' own precision, also where the model computes in less.
        with torch.autocast(features.device.type, enabled=False):
            scaled = (features.to(self.mean.dtype) - self.mean) * self.scale
            return functional.normalize(self.linear(self.dropout(scaled)), dim=-1)
