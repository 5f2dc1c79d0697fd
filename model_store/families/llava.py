"""LLaVA 1.5: a CLIP tower, a two-layer projector and a language model of any kind.

The pocket base is one too, with a tower of its own kind.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat

from transformers import LlavaForConditionalGeneration, LlavaProcessor

from model_store.families.base import Family, Inputs
from model_store.pocket.vision import register

register()


class Llava(Family):
    """Every picture is made square and becomes one grid of fixed size."""

    name = "llava"
    model_class = LlavaForConditionalGeneration
    processor_class = LlavaProcessor
    projector_path = "model.multi_modal_projector"
    picture_inputs = ()

    def _grid_shapes(
        self,
        inputs: Inputs,  # noqa: ARG002 - all grids are alike
    ) -> Iterator[tuple[int, int]]:
        vision = self.config.vision_config
        side = vision.image_size // vision.patch_size
        return repeat((side, side))
