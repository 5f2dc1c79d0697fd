"""The size to which pictures are scaled down before they travel to a model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

LARGEST = 1024
"""Pixels of the short side that are kept for a model that does not say what it wants."""


def picture_side(bundle: Path) -> int:
    """Pixels of the short side beyond which the bundle's image processor would scale down."""
    sides = []
    for name in ("preprocessor_config.json", "processor_config.json"):
        file = bundle / "processor" / name
        if file.exists():
            config: dict[str, Any] = json.loads(file.read_text())
            config = config.get("image_processor", config)
            sides += [*_numbers(config.get("size")), *_numbers(config.get("crop_size"))]
    return min(max(sides, default=LARGEST), LARGEST)


def _numbers(size: object) -> list[int]:
    """Of an edge length, or of a mapping of such as image processors have it."""
    values = size.values() if isinstance(size, dict) else [size]
    return [value for value in values if isinstance(value, int) and value > 0]
