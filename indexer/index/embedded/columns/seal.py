"""The seal of a folder: how large each of its files is, written when all are whole.

What is mapped and shorter than it says would kill the process that reads it. And what was made for
another release, or for other boosts, is as good as not there.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from indexer.index.query import BOOSTS

FORMAT = 1
"""Of the arrays; raise it when they change."""
_SEAL = "seal.json"


def seal(folder: Path) -> None:
    """Makes all files durable, then writes the seal."""
    content = _content(folder)
    for name in content["files"]:
        _make_durable(folder / name)
    path = folder / _SEAL
    path.write_text(json.dumps(content), encoding="utf-8")
    _make_durable(path)
    _make_durable(folder)


def is_sealed(folder: Path) -> bool:
    """Whether all is there, as large as it was."""
    try:
        found = json.loads((folder / _SEAL).read_text(encoding="utf-8"))
        return bool(found == _content(folder))
    except (OSError, ValueError):
        return False


def _content(folder: Path) -> dict[str, Any]:
    return {"format": FORMAT, "boosts": dict(BOOSTS), "files": _sizes(folder)}


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
