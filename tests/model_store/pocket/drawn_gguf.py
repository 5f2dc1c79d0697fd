"""GGUF files that tests need."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

F32, Q4_1, Q8_0 = 0, 3, 8
_ALIGNMENT = 32


def write_gguf(
    file: Path,
    facts: Mapping[str, Any],
    tensors: Mapping[str, tuple[int, tuple[int, ...], bytes]],
) -> Path:
    """Facts: int, float, bool, str or lists of one of these; tensors: kind, shape, content."""
    parts = [b"GGUF", struct.pack("<IQQ", 3, len(tensors), len(facts))]
    for name, value in facts.items():
        parts += [_string(name), *_typed(value)]
    offset, content = 0, b""
    for name, (kind, shape, data) in tensors.items():
        sizes = struct.pack(f"<{len(shape)}Q", *shape[::-1])
        parts += [_string(name), struct.pack("<I", len(shape)), sizes]
        parts.append(struct.pack("<IQ", kind, offset))
        content += data + b"\xff" * (-len(data) % _ALIGNMENT)
        offset = len(content)
    head = b"".join(parts)
    file.write_bytes(head + b"\xff" * (-len(head) % _ALIGNMENT) + content)
    return file


def plain(weights: np.ndarray) -> tuple[int, tuple[int, ...], bytes]:
    """A tensor that is not quantised."""
    return F32, weights.shape, weights.astype("<f4").tobytes()


def _typed(value: Any) -> list[bytes]:
    if isinstance(value, list):
        kind, _ = _typed(value[0])
        items = [_typed(one)[1] for one in value]
        return [struct.pack("<I", 9), kind + struct.pack("<Q", len(value)) + b"".join(items)]
    if isinstance(value, bool):
        return [struct.pack("<I", 7), struct.pack("<?", value)]
    if isinstance(value, int):
        return [struct.pack("<I", 4), struct.pack("<I", value)]
    if isinstance(value, float):
        return [struct.pack("<I", 12), struct.pack("<d", value)]
    return [struct.pack("<I", 8), _string(value)]


def _string(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()
