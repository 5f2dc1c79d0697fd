"""Phrase shuffling: a post's gold keyphrases are learnt in another order in each epoch.

People tag in no order that could be learnt, and a model that is taught theirs knows by heart what
nobody asks for. Shuffled, a post's target is another one in each epoch, and what the model writes
first is the likeliest keyphrase, not the one that most people happened to write first.
"""

from __future__ import annotations

import random
from dataclasses import replace

from trainer.seeding import seed_for
from trainer.training_set import Example


def shuffle_phrases(example: Example, *, seed: int, epoch: int) -> Example:
    """The example with its keyphrases in the order of an epoch.

    It follows from seed, epoch and id, so that a resumed run and any number of workers learn the
    same.
    """
    phrases = list(example.keyphrases)
    random.Random(seed_for("phrases", seed, epoch, example.id)).shuffle(phrases)
    return replace(example, keyphrases=tuple(phrases))
