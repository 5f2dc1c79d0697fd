"""Memory of searches, which the C library would give back after each and ask for again."""

from __future__ import annotations

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENAS = -1, -3, -8
"""Numbers of `mallopt` (glibc's malloc.h)."""
_KEPT = 256 << 20
_MAPPED_FROM = 32 << 20
"""More is refused by some versions of glibc."""


def keep_memory() -> None:
    """Has this process keep what searches free for the next ones: 256 MB at its heap's end.

    Arrays of a search over a million posts are megabytes each. Fresh from the system every page of
    them costs a fault, together a quarter of the time of a search. Does nothing where the C library
    cannot do that.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return
    # Refused, the other would do harm: it ends the library's own ways of setting both.
    if not mallopt(_MMAP_THRESHOLD, _MAPPED_FROM):
        return
    mallopt(_TRIM_THRESHOLD, _KEPT)
    # Each thread would keep as much, and search most of the time while no other does.
    mallopt(_ARENAS, 1)
