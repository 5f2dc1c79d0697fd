"""Scenarios in which posts lose their text or their picture."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from trainer.scenarios.draws import ranked
from trainer.scenarios.shown import Scenario, Shown, parts_of, picture_of
from trainer.training_set import TrainingSet


def clean(examples: TrainingSet, row: int) -> Shown:
    """Both parts, as they are."""
    example = examples[row]
    return Shown(example.text, picture_of(example))


def text_only(examples: TrainingSet, row: int) -> Shown:
    """The picture removed, and its slot in the prompt with it."""
    return Shown(examples[row].text, None)


def image_only(examples: TrainingSet, row: int) -> Shown:
    """The text removed, the question kept."""
    return Shown("", picture_of(examples[row]))


def missing(share: float) -> Scenario:
    """A share of the posts that have both parts loses one, half of them each.

    Posts that have one part only have lost the other already, and stay as they are.
    """

    def show(examples: TrainingSet, row: int) -> Shown:
        return _losses(examples, share).get(row, clean)(examples, row)

    return show


@lru_cache(maxsize=4)
def _losses(examples: TrainingSet, share: float) -> Mapping[int, Scenario]:
    """What is left of the rows that lose something; of an odd number one more loses its picture."""
    parts = enumerate(parts_of(examples))
    whole = ranked("missing", ((row, of.id) for row, of in parts if of.text and of.picture))
    losing = whole[: round(share * len(whole))]
    return {row: (text_only, image_only)[rank % 2] for rank, row in enumerate(losing)}
