"""The size in which a model's image processor wants pictures: beyond it, it only scales them down.

picture_size(bundle)                       # of a bundle on disk
wanted_size(processor.image_processor.to_dict())
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from posts.picture_size import Patches, PictureSize, Shape

LARGEST = 1024
"""Pixels of the short side that are kept for a model that wants more, or does not say."""
LARGEST_LONG = 2048
"""Pixels of the long side, for one that goes by it."""

_PLAIN = ("CLIPImageProcessor", "SiglipImageProcessor", "ViTImageProcessor")
"""Scale, crop the middle, and do nothing else to what a picture shows."""
_BY_LONG_SIDE = ("Idefics3ImageProcessor",)
_BY_PIXELS = ("Qwen2VLImageProcessor",)


def picture_size(bundle: Path) -> PictureSize:
    """Of the image processor in a bundle."""
    for name in ("processor_config.json", "preprocessor_config.json"):
        file = bundle / "processor" / name
        if file.exists():
            config: dict[str, Any] = json.loads(file.read_text())
            config = config.get("image_processor", config)
            if "size" in config or "max_pixels" in config:
                return wanted_size(config)
    return PictureSize(side=LARGEST)


def wanted_size(config: Mapping[str, Any]) -> PictureSize:
    """By the config of an image processor as transformers writes it."""
    if config.get("do_resize") is False:
        return PictureSize(side=LARGEST)
    kind = str(config.get("image_processor_type", ""))
    size, crop = _lengths(config.get("size")), _lengths(config.get("crop_size"))
    resample = _filter(config.get("resample"))
    largest = max([*size.values(), *crop.values()], default=LARGEST)
    kept = PictureSize(side=min(largest, LARGEST), resample=resample)
    if kind.startswith(_BY_LONG_SIDE) and "longest_edge" in size:
        return PictureSize(longest=min(size["longest_edge"], LARGEST_LONG), resample=resample)
    if kind.startswith(_BY_PIXELS):
        pixels = config.get("max_pixels") or size.get("longest_edge") or LARGEST**2 + 1
        side = config.get("patch_size", 14) * config.get("merge_size", 2)
        if pixels <= LARGEST**2:
            return PictureSize(patches=Patches(side, pixels), resample=resample)
        return PictureSize(side=LARGEST, resample=resample)
    if not kind.startswith(_PLAIN) or largest > LARGEST:
        return kept
    square = set(size.values())
    if size.keys() == {"height", "width"} and len(square) == 1:
        return PictureSize(side=square.pop(), shape=Shape.STRETCHED, resample=resample)
    # Cut here only where nothing is left to cut: an offset that is halved twice may be another.
    is_cropped = config.get("do_center_crop") and crop.keys() == {"height", "width"}
    if size.keys() == {"shortest_edge"} and is_cropped and set(crop.values()) == square:
        return PictureSize(side=square.pop(), shape=Shape.CROPPED, resample=resample)
    return kept


def _lengths(size: object) -> dict[str, int]:
    """Of a mapping as image processors have it, or of a bare length."""
    sizes = size if isinstance(size, Mapping) else {"": size}
    return {name: value for name, value in sizes.items() if isinstance(value, int) and value > 0}


def _filter(resample: object) -> Image.Resampling:
    """Bicubic unless another one is named that averages."""
    for known in Image.Resampling:
        if known is not Image.Resampling.NEAREST and resample == known.value:
            return known
    return Image.Resampling.BICUBIC
