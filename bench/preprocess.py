"""How many pictures a core makes ready for a model in a second, against what people write.

    python -m bench.preprocess        # prints; bench/index.py keeps the result

The stock way opens a picture with Pillow, converts it to RGB and gives all of it to the image
processor of transformers. Ours is what the decode stage does, and the same image processor.
"""

from __future__ import annotations

import io
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from statistics import median
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from transformers import AutoImageProcessor, BaseImageProcessor

from model_store.base_names import SMALL
from model_store.picture_size import wanted_size
from model_store.shipped import SHIPPED_FOLDER, SHIPPED_MODEL, SHIPPED_STORE
from model_store.store import Store
from posts.picture_size import PictureSize
from posts.pictures import DEFAULT_LIMITS
from posts.shown_picture import decode_to_show
from tests.large_pictures import TWELVE_MEGAPIXELS, photo

PICTURES = 8
ROUNDS = 3
QUALITY = 90
METHOD = (
    f"{PICTURES} drawn photographs of {TWELVE_MEGAPIXELS[0]} x {TWELVE_MEGAPIXELS[1]} pixels "
    "(detail at all scales, hard edges, a sensor's noise; tests/large_pictures.py) as JPEGs of "
    f"quality {QUALITY}, 4:2:0. One thread on one core; processor seconds. Each picture goes both "
    f"ways in turn, {ROUNDS} times after one that is not counted; speeds are of the median. Stock: "
    "Image.open, convert to RGB, the image processor of the bundle. Ours: what the decode stage "
    "does, then the same image processor. Differences: of what the image processor gives, in its "
    "normalised units."
)

Pixels = NDArray[np.float32]
Way = Callable[[bytes], Pixels]


def measure(pictures: int = PICTURES, rounds: int = ROUNDS) -> dict[str, Any]:
    """`preprocess_speedup`, of the model that ships, and the figures of it and the small base."""
    files = [_jpeg(seed) for seed in range(pictures)]
    with _one_core():
        by_model = {name: compare(one, files, rounds) for name, one in _processors().items()}
    return {
        "preprocess_speedup": by_model["shipped"]["speedup"],
        "preprocess": by_model,
        "preprocess_megabytes_a_picture": sum(map(len, files)) / len(files) / 1e6,
    }


def compare(
    processor: BaseImageProcessor, files: Sequence[bytes], rounds: int = ROUNDS
) -> dict[str, float]:
    """Pictures a second each way, the ratio, and how far apart what comes out is."""
    size = wanted_size(processor.to_dict())
    ways: Mapping[str, Way] = {
        "stock": partial(_stock, processor),
        "ours": partial(_ours, processor, size),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    differences = []
    for number in range(rounds + 1):
        for data in files:
            pixels = {}
            for name, way in ways.items():
                begun = time.thread_time()
                pixels[name] = way(data)
                if number:
                    seconds[name].append(time.thread_time() - begun)
            if not number:
                differences.append(np.abs(pixels["ours"] - pixels["stock"]))
    stock, ours = (1 / median(seconds[name]) for name in ways)
    return {
        "stock_pictures_per_second": stock,
        "pictures_per_second": ours,
        "speedup": ours / stock,
        "mean_difference": float(np.mean(differences)),
        "largest_difference": float(np.max(differences)),
    }


def _stock(processor: BaseImageProcessor, data: bytes) -> Pixels:
    with Image.open(io.BytesIO(data)) as picture:
        return _processed(processor, picture.convert("RGB"))


def _ours(processor: BaseImageProcessor, size: PictureSize, data: bytes) -> Pixels:
    return _processed(processor, decode_to_show(data, DEFAULT_LIMITS, size).picture)


def _processed(processor: BaseImageProcessor, picture: Image.Image) -> Pixels:
    pixels: Pixels = processor(images=picture, return_tensors="np")["pixel_values"]
    return pixels


def _processors() -> dict[str, BaseImageProcessor]:
    store = Store(SHIPPED_STORE)
    bundle = store.fetch(str(store.resolve(SHIPPED_MODEL)))
    folders = {"shipped": bundle / "processor", "small": SHIPPED_FOLDER.parent / "bases" / SMALL}
    return {
        name: AutoImageProcessor.from_pretrained(folder, backend="pil", local_files_only=True)
        for name, folder in folders.items()
    }


def _jpeg(seed: int) -> bytes:
    stream = io.BytesIO()
    photo(seed).save(stream, "JPEG", quality=QUALITY)
    return stream.getvalue()


@contextmanager
def _one_core() -> Iterator[None]:
    """Of those that this thread may have; and one thread of torch's."""
    cores, threads = os.sched_getaffinity(0), torch.get_num_threads()
    os.sched_setaffinity(0, {max(cores)})
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        os.sched_setaffinity(0, cores)


def main() -> None:
    """Measures and prints."""
    json.dump({**measure(), "method": METHOD}, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
