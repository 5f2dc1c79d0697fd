"""A GGUF file: facts and quantised tensors of a language model, as llama.cpp keeps them.

Reads version 3, little-endian, and of the many ways to quantise those that the pocket base needs.
Only for files whose hash is known: nothing here guards against one that lies.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

_NUMBERS = {
    0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?",
    10: "<Q", 11: "<q", 12: "<d",
}  # fmt: skip
_STRING, _ARRAY = 8, 9
_BLOCK = 32
"""Weights that share a scale."""


class _Form(NamedTuple):
    """How a tensor's weights lie in the file."""

    dtype: np.dtype[Any]
    """Of one block, or of one weight where there are no blocks."""
    weights: int
    """In each such item."""
    read: Callable[[np.ndarray], np.ndarray]


def _f32(items: np.ndarray) -> np.ndarray:
    return items


def _q4_1(blocks: np.ndarray) -> np.ndarray:
    """Four bits each, first the low halves of the bytes, then the high ones."""
    levels = np.concatenate([blocks["levels"] & 15, blocks["levels"] >> 4], axis=-1)
    scale, least = (blocks[name].astype(np.float32)[:, None] for name in ("scale", "least"))
    return levels.astype(np.float32) * scale + least


def _q8_0(blocks: np.ndarray) -> np.ndarray:
    return blocks["levels"].astype(np.float32) * blocks["scale"].astype(np.float32)[:, None]


_FORMS = {
    0: _Form(np.dtype("<f4"), 1, _f32),
    3: _Form(
        np.dtype([("scale", "<f2"), ("least", "<f2"), ("levels", "u1", _BLOCK // 2)]),
        _BLOCK,
        _q4_1,
    ),
    8: _Form(np.dtype([("scale", "<f2"), ("levels", "i1", _BLOCK)]), _BLOCK, _q8_0),
}


class GgufFile:
    """One file, read at once; its tensors are dequantised when asked for."""

    def __init__(self, file: Path) -> None:
        self._data = file.read_bytes()
        self._at = 0
        if self._data[:4] != b"GGUF" or struct.unpack_from("<I", self._data, 4) != (3,):
            raise ValueError(f"{file.name} is not a GGUF file of version 3")
        self._at = 8
        tensors, facts = self._number("<Q"), self._number("<Q")
        self.facts: dict[str, Any] = {self._string(): self._value() for _ in range(facts)}
        self._places = {self._string(): self._place() for _ in range(tensors)}
        alignment = self.facts.get("general.alignment", 32)
        self._begin = -(-self._at // alignment) * alignment

    @property
    def names(self) -> list[str]:
        """Of all tensors."""
        return list(self._places)

    def tensor(self, name: str) -> np.ndarray:
        """A tensor's weights, float32, in the order of axes that torch has them."""
        shape, form, offset = self._places[name]
        count = math.prod(shape) // form.weights
        items = np.frombuffer(self._data, form.dtype, count, self._begin + offset)
        return form.read(items).reshape(shape)

    def _place(self) -> tuple[tuple[int, ...], _Form, int]:
        shape = tuple(self._number("<Q") for _ in range(self._number("<I")))
        return shape[::-1], _FORMS[self._number("<I")], self._number("<Q")

    def _value(self, kind: int | None = None) -> Any:
        kind = self._number("<I") if kind is None else kind
        if kind == _STRING:
            return self._string()
        if kind == _ARRAY:
            of, count = self._number("<I"), self._number("<Q")
            return [self._value(of) for _ in range(count)]
        return self._number(_NUMBERS[kind])

    def _string(self) -> str:
        length = self._number("<Q")
        self._at += length
        return self._data[self._at - length : self._at].decode()

    def _number(self, form: str) -> Any:
        (value,) = struct.unpack_from(form, self._data, self._at)
        self._at += struct.calcsize(form)
        return value
