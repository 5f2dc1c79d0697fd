"""The footprint: memory that a process needs, at the least, to hold the model of a bundle.

footprint(folder, on_gpu=False)    # bytes; None where the base is not on this machine

Free of torch, and told by the headers of the files of weights: nothing is loaded for it.
"""

from __future__ import annotations

import json
import math
import struct
from pathlib import Path

from huggingface_hub import try_to_load_from_cache

from model_store.cache import cache_folder
from model_store.card import BaseIdentity
from model_store.generation import INT8
from model_store.seal import read_card
from posts.files.local import LocalFiles

IMPORTS = 300_000_000
"""Bytes of a process of its own with torch, transformers and peft, and no model yet; a hundred
million more are files that all processes share."""
FACTOR = 1.2
"""Times the bytes of the weights: with what loading leaves and what one post takes. The model that
ships comes to 0.48 GB, and holds 0.50 GB of its own when it answers; batches take more."""

_LONGEST_HEADER = 100_000_000


def footprint(bundle: Path, *, on_gpu: bool) -> int | None:
    """Bytes of the machine's own memory; `on_gpu`: weights pass through it as bf16."""
    card = read_card(LocalFiles(bundle))
    base = base_folder(card.base)
    shapes = [] if base is None else _shapes(base)
    if not shapes:
        return None
    if card.generation.quantization == INT8:
        # All matrices, though those of a small tower stay fp32: rather too little than too much.
        weights = sum(math.prod(shape) * (1 if len(shape) == 2 else 4) for shape in shapes)
    else:
        weights = sum(map(math.prod, shapes)) * (2 if on_gpu else 4)
    return IMPORTS + int(FACTOR * weights)


def base_folder(base: BaseIdentity) -> Path | None:
    """Where the base lies on this machine, which makes or fetches none for it."""
    if base.name == "small":
        return Path(__file__).parent / "bases" / "small"
    if base.name == "pocket":
        # Whatever recipe made it: its weights have the same shapes.
        made = sorted(cache_folder("bases").glob("pocket-*"))
        return made[-1] if made else None
    if Path(base.name).is_absolute():
        return Path(base.name) if Path(base.name).is_dir() else None
    config = try_to_load_from_cache(base.name, "config.json", revision=base.revision or None)
    return Path(config).parent if isinstance(config, str) else None


def _shapes(folder: Path) -> list[list[int]]:
    """Of all weights; none if a file cannot be read, which whoever loads it will tell."""
    try:
        return [shape for file in folder.glob("*.safetensors") for shape in _header(file)]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, struct.error):
        return []


def _header(file: Path) -> list[list[int]]:
    """Shapes by the header of a safetensors file: its length in 8 bytes, then JSON."""
    with file.open("rb") as stream:
        (length,) = struct.unpack("<Q", stream.read(8))
        if length > _LONGEST_HEADER:
            raise ValueError(f"{file} has no header of safetensors")
        header = json.loads(stream.read(length))
    return [entry["shape"] for name, entry in header.items() if name != "__metadata__"]
