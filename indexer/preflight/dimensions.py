"""How many dimensions the vectors of a model have, by its bundle alone."""

from __future__ import annotations

import json
from pathlib import Path

from model_store.card import Card
from posts.errors import InputError

_FACTS = "alignment.json"
"""Of the bundle (see `model_store.alignment.alignment`), which is not loaded: that takes torch."""


def dimensions_of(bundle: Path, card: Card) -> int:
    """0: the model has no vectors."""
    if _FACTS not in card.files:
        return 0
    try:
        return int(json.loads((bundle / _FACTS).read_bytes())["shape"]["dimensions"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"corrupt bundle: {_FACTS} in {bundle} is not readable") from error
