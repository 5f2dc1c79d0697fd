"""The weights of a folder, mapped into memory where they lie.

weights = map_weights(folder)    # nothing is read yet
"""

from __future__ import annotations

import json
from pathlib import Path

from safetensors import safe_open
from torch import Tensor

_WHOLE = "model.safetensors"
_INDEX = "model.safetensors.index.json"


def map_weights(folder: Path) -> dict[str, Tensor]:
    """Each weight by its name; OSError, ValueError, KeyError or SafetensorError if there are none.

    The file is opened anew for each of them. With one opening for all, as is usual, what has been
    read of the file would stay in memory as long as any of its weights is in use.
    """
    return {name: _map(file, name) for file in _files(folder) for name in _names(file)}


def _files(folder: Path) -> list[Path]:
    """One, or those that the index of a large model names."""
    if (folder / _WHOLE).is_file():
        return [folder / _WHOLE]
    parts = set(json.loads((folder / _INDEX).read_bytes())["weight_map"].values())
    # By their bare names, so that no index leads out of the folder.
    return sorted(folder / Path(part).name for part in parts)


def _names(file: Path) -> list[str]:
    with safe_open(file, framework="pt") as weights:
        return list(weights.keys())


def _map(file: Path, name: str) -> Tensor:
    with safe_open(file, framework="pt") as weights:
        return weights.get_tensor(name)
