"""A family of vision-language models: every fact about one that the rest of the project needs.

A `Family` is bound to a model's config, holds no weights and pickles. Where a method takes
`inputs`, these are what `model_store.prompt` encodes: `input_ids` and `attention_mask` of shape
(B, T), and the family's own picture inputs, which cover the rows that have a picture, in order.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import torch
from PIL import Image
from torch import Tensor, nn
from transformers import (
    AutoImageProcessor,
    AutoTokenizer,
    PreTrainedConfig,
    PreTrainedModel,
    ProcessorMixin,
)

Inputs = Mapping[str, Tensor]

_LINEAR_LAYERS = "q_proj|k_proj|v_proj|o_proj|gate_proj|up_proj|down_proj"


class EncodedPicture(NamedTuple):
    """A picture that has been through the tower, to be used again: the tower is frozen."""

    states: Tensor
    """What the projector is given for each of its image tokens, (N, width)."""
    slot: str
    """The text that fills its slot."""
    layout: Mapping[str, Tensor]
    """The family's `layout_inputs` of this picture."""


class Family(ABC):
    """The facts of one family, for a model with the given config."""

    name: ClassVar[str]
    """The `model_type` of the configs that belong to it."""
    model_class: ClassVar[type[PreTrainedModel]]
    processor_class: ClassVar[type[ProcessorMixin]]
    language_model_path: ClassVar[str] = "model.language_model"
    projector_path: ClassVar[str]
    """Module that turns vision features into image tokens; trained in full."""
    picture_inputs: ClassVar[tuple[str, ...]]
    """Inputs that only the vision tower takes, in addition to `pixel_values`."""
    layout_inputs: ClassVar[tuple[str, ...]] = ()
    """Those of them that say where patches lie, and so are wanted after the tower too."""

    def __init__(self, config: PreTrainedConfig) -> None:
        self.config = config

    @property
    def lora_targets(self) -> str:
        """Regular expression for all linear layers of the language model, and no others."""
        path = self.language_model_path.replace(".", r"\.")
        return rf"{path}\..*\.({_LINEAR_LAYERS})"

    @property
    def image_token_id(self) -> int:
        return self.config.image_token_id

    def load_processor(self, folder: Path) -> ProcessorMixin:
        """The processor of a local folder, for pictures only; it needs no torchvision."""
        only_here = {"local_files_only": True, "trust_remote_code": False}
        tokenizer = AutoTokenizer.from_pretrained(folder, **only_here)
        # The backend is fixed, so that pictures look the same where torchvision is installed.
        image_processor = AutoImageProcessor.from_pretrained(folder, backend="pil", **only_here)
        settings, _ = self.processor_class.get_processor_dict(folder, local_files_only=True)
        return self.processor_class.from_args_and_dict([image_processor, tokenizer], settings)

    def encode_pictures(
        self, processor: ProcessorMixin, pictures: Sequence[Image.Image]
    ) -> tuple[dict[str, Tensor], list[str]]:
        """Picture inputs for a batch, and for each picture the text that fills its slot."""
        encoded = processor.image_processor(
            images=self._nest(pictures), return_tensors="pt", **self._image_processor_options()
        )
        slots = [
            str(processor.replace_image_token(encoded, image_idx=index))
            for index in range(len(pictures))
        ]
        names = ("pixel_values", *self.picture_inputs)
        return {name: encoded[name] for name in names}, slots

    def encode_picture(
        self, model: PreTrainedModel, processor: ProcessorMixin, picture: Image.Image
    ) -> EncodedPicture:
        """One picture after the tower; its states lie on the model's device."""
        inputs, (slot,) = self.encode_pictures(processor, [picture])
        inputs = {name: tensor.to(model.device) for name, tensor in inputs.items()}
        states = self.vision_states(model, inputs)
        if states is None:
            raise ValueError("a picture gave no pixels")
        return EncodedPicture(states, slot, {name: inputs[name] for name in self.layout_inputs})

    def reuse_pictures(
        self, pictures: Sequence[EncodedPicture]
    ) -> tuple[dict[str, Tensor], list[str]]:
        """As `encode_pictures`, of pictures that need no tower any more."""
        inputs = {"vision_states": torch.cat([picture.states for picture in pictures])}
        for name in self.layout_inputs:
            inputs[name] = torch.cat([picture.layout[name] for picture in pictures])
        return inputs, [picture.slot for picture in pictures]

    def _nest(self, pictures: Sequence[Image.Image]) -> list[Any]:
        return list(pictures)

    def _image_processor_options(self) -> dict[str, Any]:
        return {}

    def token_inputs(self, input_ids: Tensor) -> dict[str, Tensor]:  # noqa: ARG002 - some need it
        """Further inputs that follow from the tokens alone."""
        return {}

    def image_positions(self, inputs: Inputs) -> Tensor:
        """Where the patch tokens lie, bool (B, T); markers around them are not patches."""
        return inputs["input_ids"] == self.image_token_id

    def patch_grids(self, inputs: Inputs) -> list[list[Tensor]]:
        """For each row its grids of patches: token positions of shape (rows, columns).

        That is the grid the language model sees. A row without a picture has no grid; a picture
        cut into tiles has one for each tile.
        """
        grids: list[list[Tensor]] = []
        shapes = iter(self._grid_shapes(inputs))
        for row in self.image_positions(inputs):
            positions, of_row = row.nonzero().squeeze(1), []
            while len(positions):
                height, width = next(shapes)
                of_row.append(positions[: height * width].view(height, width))
                positions = positions[height * width :]
            grids.append(of_row)
        return grids

    @abstractmethod
    def _grid_shapes(self, inputs: Inputs) -> Iterator[tuple[int, int]]:
        """(rows, columns) of every grid in the batch, in order."""

    def position_ids(
        self,
        model: PreTrainedModel,  # noqa: ARG002 - some need it
        inputs: Inputs,
    ) -> Tensor:
        """The positions that `generate` gives the same tokens, whatever side the padding is on.

        Shape (B, T), or (3, B, T) for rotary positions in three dimensions. To be computed from
        the full attention mask, before any token is masked.
        """
        mask = inputs["attention_mask"]
        positions = mask.long().cumsum(-1) - 1
        return positions.masked_fill(mask == 0, 0)

    def vision_states(self, model: PreTrainedModel, inputs: Inputs) -> Tensor | None:
        """What the projector is given for each image token of the batch, (N, width).

        The tower is frozen: no gradient reaches it. None without pictures.
        """
        if "vision_states" in inputs:
            return inputs["vision_states"].to(model.dtype)
        if "pixel_values" not in inputs:
            return None
        pictures = {name: inputs[name] for name in ("pixel_values", *self.picture_inputs)}
        with torch.no_grad(), _standing_in(self.projector(model), self._by_token):
            return torch.cat(tuple(model.model.get_image_features(**pictures).pooler_output))

    def _by_token(self, projector: Any, states: Tensor) -> Tensor:  # noqa: ARG002
        """The tower's states as the projector takes them, (.., image tokens, width)."""
        return states

    def project(self, model: PreTrainedModel, states: Tensor) -> Tensor:
        """Image tokens (N, hidden) of the tower's states; each row by itself."""
        return self.project_with(self.projector(model), states)

    def project_with(self, projector: Any, states: Tensor) -> Tensor:
        """As `project`, with this projector, which may be a copy of a model's."""
        tokens: Tensor = projector(states)
        return tokens

    def vision_features(self, model: PreTrainedModel, inputs: Inputs) -> Tensor | None:
        """All image tokens of the batch after the projector, (N, hidden); None without pictures."""
        states = self.vision_states(model, inputs)
        return None if states is None else self.project(model, states)

    def inputs_embeds(
        self, model: PreTrainedModel, inputs: Inputs, features: Tensor | None
    ) -> Tensor:
        """Embeddings of all tokens with the image tokens in their places, (B, T, hidden)."""
        embeds = model.get_input_embeddings()(inputs["input_ids"])
        if features is None:
            return embeds
        where = self.image_positions(inputs).unsqueeze(-1)
        return embeds.masked_scatter(where, features.to(embeds.dtype))

    def hidden_states(
        self,
        model: PreTrainedModel,
        embeds: Tensor,
        visible: Tensor,
        position_ids: Tensor,
        past: Any = None,
    ) -> Tensor:
        """Last hidden states of the language model, (B, T, hidden), before `model.lm_head`.

        `visible`, bool (B, T, K), says for each query (second axis) which keys it sees; see
        `causal_visibility`. `past` is given the keys and values of every layer and gives back
        those that the layer shall use, as a cache of transformers does; without one, K is T.
        `lm_head` is left to the caller, who knows where logits are wanted.
        """
        lowest = torch.finfo(embeds.dtype).min
        mask = torch.zeros(visible.shape, dtype=embeds.dtype, device=embeds.device)
        mask = mask.masked_fill(~visible, lowest).unsqueeze(1)
        return self.language_model(model)(
            inputs_embeds=embeds,
            attention_mask=mask,
            position_ids=position_ids,
            past_key_values=past,
            use_cache=False,
        ).last_hidden_state

    def checkpoint_layers(self, model: PreTrainedModel) -> None:
        """Has each layer of the language model computed again in the backward pass (gradient
        checkpointing), which takes less memory and more time."""
        language_model = self.language_model(model)
        language_model.activation_checkpointing_enable({"use_reentrant": False})
        for layer in language_model.layers:
            # What `hidden_states` is given as `past` may be asked twice; a cache may not.
            layer._can_checkpoint_with_cache = True

    def language_model(self, model: PreTrainedModel) -> Any:
        return model.get_submodule(self.language_model_path)

    def projector(self, model: PreTrainedModel) -> Any:
        return model.get_submodule(self.projector_path)


@contextmanager
def _standing_in(module: nn.Module, forward: Callable[[Any, Tensor], Tensor]) -> Iterator[None]:
    """Calls `forward(module, states)` in place of a module's own forward pass."""
    module.forward = partial(forward, module)
    try:
        yield
    finally:
        del module.forward


def causal_visibility(attention_mask: Tensor) -> Tensor:
    """Which keys each query sees, bool (B, T, T): all that a (B, T) mask shows, up to itself."""
    length = attention_mask.shape[1]
    causal = torch.ones(length, length, dtype=torch.bool, device=attention_mask.device).tril()
    return causal & attention_mask.bool().unsqueeze(1)
