"""Idefics3: a SigLIP tower over tiles of the picture, a pixel shuffle, and a language model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import Any

from PIL import Image
from torch import Tensor
from transformers import (
    Idefics3ForConditionalGeneration,
    Idefics3Processor,
)

from model_store.families.base import Family, Inputs


class Idefics3(Family):
    """A picture becomes tiles and a small copy of the whole; each has a grid of fixed size."""

    name = "idefics3"
    model_class = Idefics3ForConditionalGeneration
    processor_class = Idefics3Processor
    language_model_path = "model.text_model"
    projector_path = "model.connector"
    picture_inputs = ("pixel_attention_mask",)

    def _nest(self, pictures: Sequence[Image.Image]) -> list[Any]:
        # A flat list would be read as many pictures of one row.
        return [[picture] for picture in pictures]

    def _image_processor_options(self) -> dict[str, Any]:
        # The text of a picture's slot names rows and columns of its tiles.
        return {"return_row_col_info": True}

    def _by_token(self, projector: Any, states: Tensor) -> Tensor:
        return projector.pixel_shuffle(states, projector.scale_factor)

    def project_with(self, projector: Any, states: Tensor) -> Tensor:
        tokens: Tensor = projector.modality_projection(states)
        return tokens

    def _grid_shapes(
        self,
        inputs: Inputs,  # noqa: ARG002 - all grids are alike
    ) -> Iterator[tuple[int, int]]:
        vision = self.config.vision_config
        side = vision.image_size // vision.patch_size // self.config.scale_factor
        return repeat((side, side))
