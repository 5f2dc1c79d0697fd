"""Phrases: their display form, their stems, and how alike they are, in any script."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from Stemmer import Stemmer

_STEMMER = Stemmer("porter")
_GAP = re.compile(r"[+#]+(?=\w)|\s+")


class Keyphrase(NamedTuple):
    """A phrase and how much the model believes in it."""

    phrase: str
    score: float
    """0 to 1: the share of the beams' probability that contains the phrase."""


def display_form(phrase: str) -> str:
    """NFKC, case-folded, single spaces, no control characters: the form people see and filter by.

    Equal for `Fancy  CAT` and `fancy cat`, different for `fancy cats`.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", phrase).casefold())
    spaced = "".join(" " if unicodedata.category(c) == "Cc" else c for c in folded)
    return " ".join(spaced.split())


def stem_key(phrase: str) -> str:
    """What near-duplicates share: the words of the display form, Porter-stemmed if English.

    `Running dogs`, `running dog` and `#running-dogs` have one key. Words with letters outside
    a to z are not English to the stemmer and stay whole. `+` and `#` count behind a word only:
    `c++` is not `c#`, but `#cats` is `cats`.
    """
    form = display_form(phrase)
    return " ".join(stem(word) for word in _words(form) or [form])


def _words(form: str) -> list[str]:
    """Runs of letters, digits and the marks that many scripts write on them."""
    spaced = "".join(map(_in_word, form))
    return [word for word in _GAP.split(spaced) if word.strip("+#")]


def _in_word(character: str) -> str:
    """The character if words are made of it, nothing if it is invisible, else a space."""
    kind = unicodedata.category(character)
    if kind == "Cf":
        return ""
    return character if kind[0] in "LMN" or character in "_+#" else " "


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """Porter stem of a lower-case English word; any other word unchanged."""
    # Of "s" the algorithm leaves nothing.
    return _STEMMER.stemWord(word) or word if word.isascii() and word.isalpha() else word
