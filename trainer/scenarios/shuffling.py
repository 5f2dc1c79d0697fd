"""Scenarios in which posts stand beside another post's picture."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from trainer.scenarios.draws import ranked
from trainer.scenarios.removal import clean
from trainer.scenarios.shown import Scenario, Shown, parts_of, picture_of
from trainer.training_set import TrainingSet

_SEED = 0


def shuffled(share: float) -> Scenario:
    """A share of the posts that have a picture gets another one's; none of them keeps its own.

    Each picture is still shown once. Posts without a picture stay as they are. Of a share that is
    one post, a second changes places with it; the only picture of all has none to do it with, and
    is removed.
    """

    def show(examples: TrainingSet, row: int) -> Shown:
        givers = _givers(examples, share)
        if row not in givers:
            return clean(examples, row)
        other = givers[row]
        return Shown(examples[row].text, None if other == row else picture_of(examples[other]))

    return show


@lru_cache(maxsize=4)
def _givers(examples: TrainingSet, share: float) -> Mapping[int, int]:
    """For each row that gets another's picture, the row it is of.

    All change places along one cycle through the rows, in which those that keep theirs are left
    out: such a cycle is a derangement whoever is left.
    """
    parts = enumerate(parts_of(examples))
    pictured = ranked("shuffled", ((row, of.id) for row, of in parts if of.picture))
    count = round(share * len(pictured))
    changing = set(pictured[: 2 if count == 1 else count])
    order = np.random.default_rng(_SEED).permutation(len(examples)).tolist()
    cycle = [row for row in order if row in changing]
    return dict(zip(cycle, cycle[1:] + cycle[:1], strict=True))
