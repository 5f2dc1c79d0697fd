"""Arrays in files: written piece by piece, read without being loaded; lists within arrays."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.lib import format as npy
from numpy.typing import DTypeLike, NDArray

Array: TypeAlias = NDArray[Any]

_FEW = 64
"""One number in so many is sorted faster than all are looked through."""
_SMALL = 4_096
"""Bytes; and an empty array cannot be mapped."""


class ArrayWriter:
    """Appends to one `.npy` file; its length is written when it is closed."""

    def __init__(self, path: Path, dtype: DTypeLike) -> None:
        self._dtype = np.dtype(dtype)
        self._length = 0
        self._file = path.open("wb")
        self._write_header()

    def append(self, values: Array) -> None:
        values.astype(self._dtype, copy=False).tofile(self._file)
        self._length += len(values)

    def close(self) -> None:
        with self._file:
            self._file.seek(0)
            # As long as the first one: headers leave room for the digits of a length that grows.
            self._write_header()

    def __enter__(self) -> ArrayWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.close()
        else:
            self._file.close()

    def _write_header(self) -> None:
        description = npy.dtype_to_descr(self._dtype)
        header = {"descr": description, "fortran_order": False, "shape": (self._length,)}
        npy.write_array_header_1_0(self._file, header)
        # `tofile` writes where the file itself stands.
        self._file.flush()


class ArrayFolder:
    """A folder of arrays, by name."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def writer(self, name: str, dtype: DTypeLike) -> ArrayWriter:
        return ArrayWriter(self._file(name), dtype)

    def save(self, name: str, values: Array) -> None:
        np.save(self._file(name), values, allow_pickle=False)

    def load(self, name: str) -> Array:
        """Mapped, not read, unless it is small."""
        path = self._file(name)
        mode: Literal["r"] | None = "r" if path.stat().st_size > _SMALL else None
        # Slices of a plain view cost less than those of what maps the file.
        return np.load(path, mmap_mode=mode, allow_pickle=False).view(np.ndarray)

    def load_all(self) -> dict[str, Array]:
        return {path.stem: self.load(path.stem) for path in self.path.glob("*.npy")}

    def remove(self, name: str) -> None:
        self._file(name).unlink()

    def _file(self, name: str) -> Path:
        return self.path / f"{name}.npy"


def ends_of(lengths: Array) -> Array:
    """Where lists of these lengths begin, if they lie one after the other, and where all end."""
    ends = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=ends[1:])
    return ends


def union(lists: Sequence[Array], below: int) -> Array:
    """Numbers that are in any of the lists, each once and in order, int32; all are `below` that.

    `np.unique` hashes, which takes a hundred times as long for some lists.
    """
    if sum(map(len, lists)) > below // _FEW:
        flags = np.zeros(below, bool)
        for each in lists:
            flags[each] = True
        return np.flatnonzero(flags).astype(np.int32)
    values = np.sort(np.concatenate([np.zeros(0, np.int32), *lists]))
    first = np.ones(len(values), bool)
    np.not_equal(values[1:], values[:-1], out=first[1:])
    return values[first]


def gathered(ends: Array, which: Array) -> Array:
    """Indices of all values of some lists, list by list; `ends` as `ends_of` gives them."""
    starts = ends[which]
    lengths = ends[which + 1] - starts
    before = np.cumsum(lengths) - lengths
    return np.arange(int(lengths.sum()), dtype=np.int64) + np.repeat(starts - before, lengths)
