"""Places in a list of hits as text, to go on from."""

from __future__ import annotations

import base64
import binascii
import json
import math

from indexer.index.query import Place
from indexer.index.stored import storable_id
from posts.errors import InputError

DEEPEST = 1_000_000
"""Hits before a place, at most: who wants all posts has the dump."""
_LONGEST = 2_000


def place_to_text(place: Place) -> str:
    """Letters, digits, `-` and `_` only."""
    content = json.dumps([place.value, place.id, place.position])
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def place_from_text(text: str) -> Place:
    """Inverse of `place_to_text`; raises `InputError` for anything else."""
    try:
        if len(text) > _LONGEST:
            raise ValueError("too long")
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        value, id, position = json.loads(base64.b64decode(padded, b"-_", validate=True))
        if not (isinstance(id, str) and storable_id(id)):
            raise ValueError("not an id")
        if not (type(position) is int and 0 <= position <= DEEPEST):
            raise ValueError("not a place")
        if value is not None and not (type(value) in (int, float) and math.isfinite(value)):
            raise ValueError("not a value")
    except (ValueError, TypeError, OverflowError, RecursionError, binascii.Error) as error:
        raise InputError(
            "the place to go on from is not one that an answer gave; start at the first page"
        ) from error
    return Place(value, id, position)
