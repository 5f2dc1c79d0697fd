"""The posts that are tagged, as the indexer gives them to its model: pictures decoded and shrunk.

Imports next to nothing, for the memory of who reads it is measured.
"""

from __future__ import annotations

import json
from pathlib import Path

from PIL import Image

Sample = tuple[list[str], list[Image.Image | None]]


def write_sample(folder: Path, sample: Sample) -> None:
    """Writes what `read_sample` reads."""
    texts, pictures = sample
    for number, picture in enumerate(pictures):
        if picture is not None:
            picture.save(_file(folder, number))
    (folder / "texts.json").write_text(json.dumps(texts))


def read_sample(folder: Path) -> Sample:
    """Texts and pictures, in order."""
    texts = json.loads((folder / "texts.json").read_text())
    return texts, [_read(_file(folder, number)) for number in range(len(texts))]


def _file(folder: Path, number: int) -> Path:
    return folder / f"{number}.ppm"


def _read(file: Path) -> Image.Image | None:
    if not file.exists():
        return None
    with Image.open(file) as picture:
        return picture.copy()
