"""The weights of EfficientNet-lite0, as its package has them, for `model_store.pocket.vision`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file
from torch import Tensor

_EPSILON = 1e-3
"""Of the batch norms; TensorFlow's default, with which the network was trained."""
_NAMES = {
    "_conv_stem": ("stem", "_bn0"),
    "_conv_head": ("head", "_bn1"),
    "_expand_conv": ("expand", "_bn0"),
    "_depthwise_conv": ("depthwise", "_bn1"),
    "_project_conv": ("project", "_bn2"),
}
"""For each convolution our name, and the batch norm that follows it."""


_STATISTICS = Path(__file__).with_name("feature_statistics.safetensors")
"""Measured by `trainer.pocket_statistics` on clip art of openclipart, which is public domain."""


def read_vision_weights(file: Path) -> dict[str, np.ndarray]:
    """State dict of `EfficientNetLite`: what the package's .pth has, and the scale of features."""
    return {**read_convolutions(file), **load_file(_STATISTICS)}


def read_convolutions(file: Path) -> dict[str, np.ndarray]:
    """The weights of all convolutions from the package's .pth, float64.

    The file is a pickle, the only one this project opens: to be called once the file's hash is
    checked. Nothing but tensors is unpickled.
    """
    return fold_batch_norms(torch.load(file, map_location="cpu", weights_only=True))


def fold_batch_norms(weights: Mapping[str, Tensor]) -> dict[str, np.ndarray]:
    """Convolutions with a bias, each doing what it did with its batch norm behind it.

    In numpy and float64, whose results do not depend on the machine.
    """
    folded = {}
    for name, weight in weights.items():
        if not (match := re.fullmatch(r"(_blocks\.\d+\.)?(\w+_conv|_conv_\w+)\.weight", name)):
            continue
        block, convolution = match[1] or "", match[2]
        ours, norm = _NAMES[convolution]
        scale, shift, mean, variance = (
            weights[f"{block}{norm}.{part}"].double().numpy()
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        factor = scale / np.sqrt(variance + _EPSILON)
        place = f"{block.removeprefix('_')}{ours}.conv"
        folded[f"{place}.weight"] = weight.double().numpy() * factor[:, None, None, None]
        folded[f"{place}.bias"] = shift - mean * factor
    return folded
