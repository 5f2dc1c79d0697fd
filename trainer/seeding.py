"""Seeds that follow from what they are for, so that a resumed run and any number of workers draw
the same."""

from __future__ import annotations

import hashlib


def seed_for(*parts: object) -> int:
    """A seed of 63 bits for a choice that its parts name, e.g. a purpose, a run's seed, an epoch,
    a post's id; it takes any such number, and no other process's hash salt."""
    digest = hashlib.sha256("\0".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1
