"""The pocket base's vision tower: EfficientNet-lite, a convolutional network without attention.

The network is that of EfficientNet (arXiv 1905.11946) in its "lite" form: ReLU6 throughout and no
squeeze-and-excitation. There is no dropout, and batch norms are folded into the convolutions
beforehand (see `model_store.pocket.vision_weights`), so that training mode changes nothing.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from huggingface_hub.dataclasses import strict
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoConfig, AutoModel, PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import BaseModelOutputWithPooling

LITE0_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


@strict
class EfficientNetLiteConfig(PreTrainedConfig):
    """The shape of the network; the defaults are those of lite0."""

    model_type = "efficientnet_lite"
    base_config_key = "vision_config"

    image_size: int = 224
    """Pixels of each side."""
    patch_size: int = 32
    """Pixels that the strides of stem and stages add up to: those of one patch of features."""
    stem_width: int = 32
    stages: list[list[int]] | tuple[tuple[int, ...], ...] = LITE0_STAGES
    """Of each stage: blocks, kernel size, stride of its first block, expansion, width."""
    hidden_size: int = 1280
    """Width of the head, and so of the features."""

    def validate_architecture(self) -> None:
        stride = 2
        for _, _, step, _, _ in self.stages:
            stride *= step
        if stride != self.patch_size or self.image_size % stride:
            raise ValueError(
                f"a patch is {stride} pixels wide by the stages' strides; patch_size must say so "
                "and image_size be a multiple of it"
            )


class Convolution(nn.Module):
    """A convolution with a bias, padded as TensorFlow's "same" does: the odd pixel at the end."""

    def __init__(
        self, entering: int, leaving: int, kernel: int = 1, stride: int = 1, groups: int = 1
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(entering, leaving, kernel, stride, groups=groups)
        # The side is a multiple of the stride here, as image_size is one of patch_size.
        padding = max(kernel - stride, 0)
        self._padding = (padding // 2, padding - padding // 2) * 2

    def forward(self, states: Tensor) -> Tensor:
        if any(self._padding):
            states = functional.pad(states, self._padding)
        return self.conv(states)


class Block(nn.Module):
    """An inverted bottleneck: widen, look around in each channel by itself, narrow."""

    def __init__(self, entering: int, leaving: int, kernel: int, stride: int, expansion: int):
        super().__init__()
        inner = entering * expansion
        self.expand = Convolution(entering, inner) if expansion > 1 else None
        self.depthwise = Convolution(inner, inner, kernel, stride, groups=inner)
        self.project = Convolution(inner, leaving)
        self._residual = stride == 1 and entering == leaving

    def forward(self, states: Tensor) -> Tensor:
        inner = states if self.expand is None else functional.relu6(self.expand(states))
        inner = functional.relu6(self.depthwise(inner))
        inner = self.project(inner)
        return states + inner if self._residual else inner


class EfficientNetLite(PreTrainedModel):
    """Pictures (B, 3, side, side) to features (B, patches, hidden_size), row by row.

    Each channel is shifted and scaled by constants, so that all are of one size over pictures as
    they come; of themselves most are nearly always 0, and a few large in every picture. A layer
    norm would do that less well: it blows up patches in which next to nothing is to be seen.
    """

    config_class = EfficientNetLiteConfig
    main_input_name = "pixel_values"
    _no_split_modules = ("Block",)
    # There is no attention that could be computed in another way.
    _supports_sdpa = True
    _supports_flash_attn = True
    _supports_flex_attn = True
    _supports_attention_backend = True

    def __init__(self, config: EfficientNetLiteConfig) -> None:
        super().__init__(config)
        self.stem = Convolution(3, config.stem_width, 3, 2)
        widths = [config.stem_width, *(stage[-1] for stage in config.stages)]
        self.blocks = nn.ModuleList()
        for (entering, leaving), stage in zip(pairwise(widths), config.stages, strict=True):
            count, kernel, stride, expansion, _ = stage
            self.blocks.append(Block(entering, leaving, kernel, stride, expansion))
            for _ in range(count - 1):
                self.blocks.append(Block(leaving, leaving, kernel, 1, expansion))
        self.head = Convolution(widths[-1], config.hidden_size)
        self.feature_mean = nn.Parameter(torch.zeros(config.hidden_size))
        self.feature_scale = nn.Parameter(torch.ones(config.hidden_size))
        self.post_init()

    def forward(
        self,
        pixel_values: Tensor,
        **unused: Any,  # noqa: ARG002 - LLaVA asks all towers alike, for hidden states and more
    ) -> BaseModelOutputWithPooling:
        # One at a time: side by side, pictures take more memory and no less time.
        features = torch.cat([self._features(one) for one in pixel_values.split(1)])
        return BaseModelOutputWithPooling(last_hidden_state=features, hidden_states=(features,))

    def _features(self, pixel_values: Tensor) -> Tensor:
        states = functional.relu6(self.stem(pixel_values.to(self.dtype)))
        for block in self.blocks:
            states = block(states)
        states = functional.relu6(self.head(states))
        patches = states.flatten(2).transpose(1, 2)
        return (patches - self.feature_mean) * self.feature_scale


def register() -> None:
    """Tells transformers' Auto classes of the tower; again does no harm."""
    AutoConfig.register(EfficientNetLiteConfig.model_type, EfficientNetLiteConfig, exist_ok=True)
    AutoModel.register(EfficientNetLiteConfig, EfficientNetLite, exist_ok=True)
