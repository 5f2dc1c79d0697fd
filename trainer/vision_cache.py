"""What the frozen vision tower makes of each picture, computed once and kept in a file.

An epoch then needs neither decoded pictures nor the tower. States are kept in half precision: of
a 7B LLaVA they take 1.2 MB a picture, of the pocket base 125 kB.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import torch
from torch import Tensor

from model_store.base import Base
from model_store.families import EncodedPicture
from model_store.picture import tame
from model_store.picture_size import wanted_size
from posts.picture_size import PictureSize
from posts.pictures import decode_picture
from trainer.training_set import Example, TrainingSet

_SCHEMA = pa.schema(
    [
        pa.field("states", pa.large_binary()),
        pa.field("tokens", pa.int32()),
        pa.field("slot", pa.string()),
        pa.field("layout", pa.string()),
    ]
)


class VisionCache:
    """Random access to a training set's pictures after the tower; memory-mapped."""

    def __init__(self, path: Path) -> None:
        with pa.memory_map(str(path)) as source:
            self._rows = pa.ipc.open_file(source).read_all()

    @classmethod
    def open(cls, base: Base, examples: TrainingSet, folder: Path) -> VisionCache:
        """The file of that base and these examples, made if this node does not have it yet."""
        key = f"{base.identity.sha256} {base.model.dtype} {examples.fingerprint}"
        path = folder / f"vision-{hashlib.sha256(key.encode()).hexdigest()}.arrow"
        if not path.exists():
            _write(base, (examples[row] for row in range(len(examples))), path)
        return cls(path)

    def __getitem__(self, row: int) -> EncodedPicture | None:
        """The picture of a row; None if the post has none."""
        kept = {name: self._rows.column(name)[row] for name in _SCHEMA.names}
        if not kept["states"].is_valid:
            return None
        # Copied, for the file is mapped read-only and tensors are not.
        states = np.frombuffer(kept["states"].as_buffer(), dtype=np.float16).copy()
        layout = orjson.loads(kept["layout"].as_py())
        return EncodedPicture(
            torch.from_numpy(states).view(kept["tokens"].as_py(), -1),
            kept["slot"].as_py(),
            {name: torch.tensor(value) for name, value in layout.items()},
        )


def _write(base: Base, examples: Iterable[Example], path: Path) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    part = Path(name)
    try:
        size = wanted_size(base.processor.image_processor.to_dict())
        with os.fdopen(handle, "wb") as sink, pa.ipc.new_file(sink, _SCHEMA) as writer:
            for example in examples:
                row = _row(base, example, size)
                writer.write_batch(pa.RecordBatch.from_pylist([row], _SCHEMA))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _row(base: Base, example: Example, size: PictureSize) -> dict[str, Any]:
    if example.image is None:
        return {}
    picture = tame(decode_picture(example.image, size=size))
    encoded = base.family.encode_picture(base.model, base.processor, picture)
    layout = {name: _values(tensor) for name, tensor in encoded.layout.items()}
    return {
        "states": encoded.states.half().cpu().numpy().tobytes(),
        "tokens": len(encoded.states),
        "slot": encoded.slot,
        "layout": orjson.dumps(layout).decode(),
    }


def _values(tensor: Tensor) -> list[Any]:
    values: list[Any] = tensor.tolist()
    return values
