"""Qwen2-VL and Qwen2.5-VL: pictures of any size, patches merged two by two, 3-D positions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from torch import Tensor
from transformers import (
    PreTrainedModel,
    PreTrainedTokenizerBase,
    ProcessorMixin,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2VLForConditionalGeneration,
    Qwen2VLProcessor,
)

from model_store.families.base import Family, Inputs


class PictureOnlyQwen2VLProcessor(Qwen2VLProcessor):
    """The stock processor without its video part, which needs torchvision."""

    def __init__(
        self,
        image_processor: Any = None,
        tokenizer: PreTrainedTokenizerBase = None,
        chat_template: str | None = None,
    ) -> None:
        self.image_token = "<|image_pad|>"  # noqa: S105 - not that kind of token
        self.video_token = "<|video_pad|>"  # noqa: S105 - nor this
        self.image_token_id = tokenizer.convert_tokens_to_ids(self.image_token)
        self.video_token_id = tokenizer.convert_tokens_to_ids(self.video_token)
        ProcessorMixin.__init__(self, image_processor, tokenizer, chat_template=chat_template)


class Qwen2VL(Family):
    """Every picture keeps its shape and becomes one grid of its own size."""

    name = "qwen2_vl"
    model_class = Qwen2VLForConditionalGeneration
    processor_class = PictureOnlyQwen2VLProcessor
    projector_path = "model.visual.merger"
    picture_inputs = ("image_grid_thw",)
    layout_inputs = ("image_grid_thw",)

    def token_inputs(self, input_ids: Tensor) -> dict[str, Tensor]:
        return {"mm_token_type_ids": (input_ids == self.image_token_id).int()}

    def _by_token(self, projector: Any, states: Tensor) -> Tensor:
        return states.reshape(-1, projector.hidden_size)

    def project_with(self, projector: Any, states: Tensor) -> Tensor:
        patches = self.config.vision_config.spatial_merge_size**2
        tokens: Tensor = projector(states.reshape(-1, states.shape[-1] // patches))
        return tokens

    def _grid_shapes(self, inputs: Inputs) -> Iterator[tuple[int, int]]:
        merge = self.config.vision_config.spatial_merge_size
        for _, height, width in inputs["image_grid_thw"].tolist():
            yield height // merge, width // merge

    def position_ids(self, model: PreTrainedModel, inputs: Inputs) -> Tensor:
        positions, _ = model.model.get_rope_index(
            inputs["input_ids"],
            mm_token_type_ids=inputs["mm_token_type_ids"],
            image_grid_thw=inputs.get("image_grid_thw"),
            attention_mask=inputs["attention_mask"],
        )
        return positions


class Qwen25VL(Qwen2VL):
    """Qwen2.5-VL: the same facts around another vision tower."""

    name = "qwen2_5_vl"
    model_class = Qwen2_5_VLForConditionalGeneration
