"""Names in order: many strings in two arrays, found by halving."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

import numpy as np

from indexer.index.embedded.columns.arrays import Array, ArrayFolder


class Names(Sequence[str]):
    """Distinct strings in the order of their UTF-8, which is that of their characters."""

    def __init__(self, text: Array, ends: Array) -> None:
        """`text`: the bytes of all, one after the other; `ends`: where each begins, and the end."""
        self._text = text.data
        self._ends = ends

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, place: int) -> str:  # type: ignore[override]  # no slices
        return self._bytes(place).decode()

    def find(self, name: str) -> int | None:
        """Its place, if it is there."""
        wanted = _encoded(name)
        place = bisect_left(range(len(self)), wanted, key=self._bytes)
        return place if place < len(self) and self._bytes(place) == wanted else None

    def up_to(self, name: str) -> int:
        """How many there are up to this one, which need not be there."""
        return bisect_right(range(len(self)), _encoded(name), key=self._bytes)

    def _bytes(self, place: int) -> bytes:
        return bytes(self._text[self._ends[place] : self._ends[place + 1]])


def save_names(folder: ArrayFolder, name: str, names: Sequence[str]) -> None:
    """Of names in order; `load_names` reads them."""
    encoded = [each.encode() for each in names]
    ends = np.zeros(len(encoded) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, encoded), np.int64, len(encoded)), out=ends[1:])
    folder.save(f"{name}_text", np.frombuffer(b"".join(encoded), np.uint8))
    folder.save(f"{name}_ends", ends)


def load_names(arrays: dict[str, Array], name: str) -> Names:
    return Names(arrays[f"{name}_text"], arrays[f"{name}_ends"])


def _encoded(name: str) -> bytes:
    # One that no index can hold is in its place, and never found.
    return name.encode("utf-8", "surrogatepass")
