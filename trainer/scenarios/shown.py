"""What is shown of a post, and what the posts of a set have to show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

from PIL import Image

from posts.pictures import decode_picture
from trainer.training_set import Example, TrainingSet


class Shown(NamedTuple):
    """What is shown of a post; with neither part nothing is asked and nothing predicted."""

    text: str
    picture: Image.Image | None


Scenario = Callable[[TrainingSet, int], Shown]
"""What is shown of a row; the other rows are at hand for scenarios that mix posts."""


class Parts(NamedTuple):
    """Which parts a post has."""

    id: str
    text: bool
    picture: bool


@lru_cache(maxsize=2)
def parts_of(examples: TrainingSet) -> Sequence[Parts]:
    """The parts of all rows, which are read once however many scenarios ask."""
    rows = map(examples.__getitem__, range(len(examples)))
    return [Parts(one.id, bool(one.text.strip()), one.image is not None) for one in rows]


def picture_of(example: Example) -> Image.Image | None:
    """The picture as it is, decoded."""
    return None if example.image is None else decode_picture(example.image)
