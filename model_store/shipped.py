"""The model that ships with the package: in a store inside it, so that no other is needed.

    Store(SHIPPED_STORE).fetch(SHIPPED_MODEL)

`python -m trainer.ship` puts it there.
"""

from __future__ import annotations

from pathlib import Path

SHIPPED_STORE = "shipped:"
"""Names the store; each machine finds it in its own copy of the package."""
SHIPPED_MODEL = "pocket"
SHIPPED_FOLDER = Path(__file__).parent / "shipped"
LARGEST_MB = 25
"""A wheel must stay easy to fetch."""


def place_of(store: str) -> str:
    """The path or URI that a store's name means."""
    return str(SHIPPED_FOLDER) if store == SHIPPED_STORE else store
