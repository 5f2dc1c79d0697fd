"""Robustness scenarios: what of a post a model gets to see in an evaluation."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from PIL import Image

from posts.errors import InputError
from posts.pictures import decode_picture
from trainer.training_set import Example, TrainingSet


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


SCENARIOS: dict[str, Scenario] = {
    "clean": clean,
    "text-only": text_only,
    "image-only": image_only,
}


def find_scenario(name: str) -> Scenario:
    """The scenario of that name; InputError names those there are."""
    if name not in SCENARIOS:
        raise InputError(f"unknown scenario {name!r}; choose from {', '.join(SCENARIOS)}")
    return SCENARIOS[name]


def _picture(example: Example) -> Image.Image | None:
    return None if example.image is None else decode_picture(example.image)
