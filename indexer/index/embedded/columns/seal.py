"""The seal of a folder: how large each of its files is, written when all are whole.

What is mapped and shorter than it says would kill the process that reads it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

FORMAT = 2
"""Of the arrays; raise it when they change."""
_SEAL = "seal.json"


def seal(folder: Path) -> None:
    """Makes all files durable, then writes the seal."""
    sizes = _sizes(folder)
    for name in sizes:
        _make_durable(folder / name)
    path = folder / _SEAL
    path.write_text(json.dumps({"format": FORMAT, "files": sizes}), encoding="utf-8")
    _make_durable(path)
    _make_durable(folder)


def is_sealed(folder: Path) -> bool:
    """Whether all is there, as large as it was."""
    try:
        found = json.loads((folder / _SEAL).read_text(encoding="utf-8"))
        return bool(found == {"format": FORMAT, "files": _sizes(folder)})
    except (OSError, ValueError):
        return False


def _sizes(folder: Path) -> dict[str, int]:
    return {
        str(path.relative_to(folder)): path.stat().st_size
        for path in sorted(folder.rglob("*"))
        # tantivy makes files of locks when it opens an index.
        if path.is_file() and path.name != _SEAL and path.suffix != ".lock"
    }


def _make_durable(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
