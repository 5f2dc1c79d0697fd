"""Texts with spelling mistakes, in five severities."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np

from trainer.scenarios.draws import generator
from trainer.scenarios.shown import Scenario, Shown, picture_of
from trainer.training_set import TrainingSet

SEVERITIES = range(1, 6)
SHARE = 0.05
"""Of the words, for each step of severity."""

_WORD = re.compile(r"(\S+)")
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
"""Of a keyboard; a key lies half a key to the right of the one of its column in the row above."""

Item = TypeVar("Item")


def text_noise(severity: int) -> Scenario:
    """5% x severity of each text's words with a mistake, drawn by the post's id."""

    def show(examples: TrainingSet, row: int) -> Shown:
        example = examples[row]
        return Shown(misspell(example.text, severity, example.id), picture_of(example))

    return show


def misspell(text: str, severity: int, post_id: str) -> str:
    """The text with a mistake in 5% x severity of the words between its white space.

    Where that is no whole number it is rounded up or down by lot, up the likelier the nearer, so
    that the share holds over all posts, however short their texts. A text keeps the mistakes of
    one severity in the next.
    """
    pieces = _WORD.split(text)
    words = len(pieces) // 2
    draws = generator("text-noise", post_id)
    wrong = int(severity * SHARE * words + draws.random())
    for word in draws.permutation(words)[:wrong]:
        pieces[2 * word + 1] = _misspell_word(pieces[2 * word + 1], draws)
    return "".join(pieces)


def _misspell_word(word: str, draws: np.random.Generator) -> str:
    """One mistake: as often a key's neighbour as a random character, if the word has such keys."""
    keys = [place for place, character in enumerate(word) if character.lower() in NEIGHBOURS]
    if draws.random() < 0.5 and keys:
        place = _choose(keys, draws)
        key = _choose(NEIGHBOURS[word[place].lower()], draws)
        return word[:place] + (key.upper() if word[place].isupper() else key) + word[place + 1 :]
    place = int(draws.integers(len(word)))
    kind = draws.integers(3)
    if kind == 0 and len(word) > 1:
        return word[:place] + word[place + 1 :]
    others = [letter for letter in string.ascii_lowercase if letter != word[place].lower()]
    # With the letter put in before the place, or instead of what is there.
    return word[:place] + _choose(others, draws) + word[place + (kind == 2) :]


def _choose(items: Sequence[Item], draws: np.random.Generator) -> Item:
    return items[int(draws.integers(len(items)))]


def _neighbours() -> Mapping[str, str]:
    found = {}
    for row, keys in enumerate(_ROWS):
        for column, key in enumerate(keys):
            beside = [(row, column - 1), (row, column + 1)]
            above = [(row - 1, column), (row - 1, column + 1)]
            below = [(row + 1, column - 1), (row + 1, column)]
            found[key] = "".join(
                _ROWS[r][c]
                for r, c in beside + above + below
                if 0 <= r < len(_ROWS) and 0 <= c < len(_ROWS[r])
            )
    return found


NEIGHBOURS = _neighbours()
"""For each letter the ones around it on a keyboard."""
