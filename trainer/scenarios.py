"""Robustness scenarios: what of a post a model gets to see in an evaluation."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from posts.errors import InputError
from posts.pictures import decode_picture
from trainer.training_set import Example, TrainingSet

_SEED = 0


class Shown(NamedTuple):
    """What is shown of a post; with neither part nothing is asked and nothing predicted."""

    text: str
    picture: Image.Image | None


Scenario = Callable[[TrainingSet, int], Shown]
"""What is shown of a row; the other rows are at hand for scenarios that mix posts."""


def clean(examples: TrainingSet, row: int) -> Shown:
    """Both parts, as they are."""
    example = examples[row]
    return Shown(example.text, _picture(example))


def text_only(examples: TrainingSet, row: int) -> Shown:
    """The picture removed, and its slot in the prompt with it."""
    return Shown(examples[row].text, None)


def image_only(examples: TrainingSet, row: int) -> Shown:
    """The text removed, the question kept."""
    return Shown("", _picture(examples[row]))


def shuffled(examples: TrainingSet, row: int) -> Shown:
    """The text beside another post's picture; each picture is shown once, none with its own post.

    A post without a picture stays as it is. The only picture there is has none to change places
    with, and is removed.
    """
    example, successors = examples[row], _cycle(len(examples))
    if example.image is None:
        return Shown(example.text, None)
    # A cycle through all rows is, with some left out, a cycle through the others.
    other = int(successors[row])
    while examples[other].image is None:
        other = int(successors[other])
    return Shown(example.text, None if other == row else _picture(examples[other]))


SCENARIOS: dict[str, Scenario] = {
    "clean": clean,
    "text-only": text_only,
    "image-only": image_only,
    "shuffled": shuffled,
}


def find_scenario(name: str) -> Scenario:
    """The scenario of that name; InputError names those there are."""
    if name not in SCENARIOS:
        raise InputError(f"unknown scenario {name!r}; choose from {', '.join(SCENARIOS)}")
    return SCENARIOS[name]


@lru_cache(maxsize=2)
def _cycle(rows: int) -> NDArray[np.int64]:
    """For each row the next one on a cycle through all of them: the same whatever the model."""
    order = np.random.default_rng(_SEED).permutation(rows)
    successors = np.empty_like(order)
    successors[order] = np.roll(order, -1)
    return successors


def _picture(example: Example) -> Image.Image | None:
    return None if example.image is None else decode_picture(example.image)
