"""The heap, which large arrays of ever other sizes fill with holes that nothing fits into."""

from __future__ import annotations

import psutil


def give_back_memory() -> None:
    """Gives free memory back to the system, also from below what is still in use.

    Does nothing where the C library cannot do that.
    """
    if hasattr(psutil, "heap_trim"):
        psutil.heap_trim()
