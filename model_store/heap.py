"""The heap, which large arrays of ever other sizes fill with holes that nothing fits into."""

from __future__ import annotations

import psutil
import torch

_MUCH = 1.5
"""Times what one turn leaves behind, from which on memory is given back."""
_LITTLE = 256_000_000
"""Bytes beyond that, for which it is not worth the time."""


def give_back_memory() -> None:
    """Gives free memory back to the system, also from below what is still in use.

    Does nothing where the C library cannot do that.
    """
    if hasattr(psutil, "heap_trim"):
        psutil.heap_trim()


def is_out_of_memory(error: RuntimeError) -> bool:
    """On a GPU, or on a CPU, where torch has no class of its own for that."""
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)


class Heap:
    """Keeps small the heap of work that comes in turns: what one has taken is left to the next, for
    it takes time to be had again, and what has piled up beyond that is given back."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._floor: int | None = None
        """Bytes held right after memory was given back."""
        self._usual = 0.0
        """What a turn leaves behind, by those that came right after."""
        self._is_first = True

    def after_turn(self) -> None:
        """The first turn has made what stays, such as the optimizer's moments."""
        if self._floor is None:
            self._give_back()
            return
        held = self._own_bytes() - self._floor
        if self._is_first:
            self._usual = 0.7 * self._usual + 0.3 * held if self._usual else held
            self._is_first = False
        elif held > _MUCH * self._usual + _LITTLE:
            self._give_back()

    def _give_back(self) -> None:
        give_back_memory()
        self._floor, self._is_first = self._own_bytes(), True

    def _own_bytes(self) -> int:
        """Without files that are mapped, such as posts and cached features."""
        memory = self._process.memory_info()
        return int(memory.rss - getattr(memory, "shared", 0))
