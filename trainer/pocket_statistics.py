"""Measures the mean and spread of EfficientNet-lite0's features, by which the pocket base's are
brought to one scale.

    python -m trainer.pocket_statistics --data train.parquet \\
        --out model_store/pocket/feature_statistics.safetensors

Takes a minute on one CPU core. Whoever runs it makes another base: see `model_store.pocket`.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor

from model_store.picture import tame
from model_store.pocket.conversion import VISION
from model_store.pocket.layout import build_image_processor
from model_store.pocket.vision import EfficientNetLite, EfficientNetLiteConfig
from model_store.pocket.vision_weights import read_convolutions
from posts.dump import Dump
from posts.errors import PostError
from posts.pictures import decode_picture

_SMALLEST_SPREAD = 0.25
"""A channel that hardly ever answers is not made to shout when it does."""
_BATCH = 16


def measure(dump: Dump, *, every: int) -> tuple[dict[str, Tensor], int]:
    """`feature_mean` and `feature_scale` (1280) over all patches, and how many pictures."""
    tower = EfficientNetLite(EfficientNetLiteConfig())
    convolutions = read_convolutions(VISION.path())
    tower.load_state_dict(
        {name: torch.from_numpy(one) for name, one in convolutions.items()}, strict=False
    )
    processor, pictures = build_image_processor(), _pictures(dump, every)
    count, total, squares = 0, torch.zeros(1280).double(), torch.zeros(1280).double()
    while some := list(islice(pictures, _BATCH)):
        with torch.inference_mode():
            pixels = processor(images=some, return_tensors="pt")["pixel_values"]
            features = tower(pixels).last_hidden_state.double()
        patches = features.shape[1]
        count += len(some)
        total += features.sum((0, 1))
        squares += features.square().sum((0, 1))
    mean = total / (count * patches)
    spread = (squares / (count * patches) - mean.square()).clamp_min(0).sqrt()
    scale = 1 / spread.clamp_min(_SMALLEST_SPREAD)
    return {"feature_mean": mean.half(), "feature_scale": scale.half()}, count


def _pictures(dump: Dump, every: int) -> Iterator[Image.Image]:
    for post in islice(dump.posts(), 0, None, every):
        try:
            yield tame(decode_picture(dump.picture(post)))
        except PostError:
            continue


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--every", type=int, default=4, help="Takes every so manieth post.")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    statistics, count = measure(Dump.open(arguments.data), every=arguments.every)
    with arguments.data.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    facts = {"data": f"{arguments.data.name}, SHA-256 {digest}", "pictures": str(count)}
    save_file(statistics, arguments.out, metadata=facts)


if __name__ == "__main__":
    main()
