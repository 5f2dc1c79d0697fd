"""Phrases: their display form, their stems, and how alike they are, in any script."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from nltk.stem.porter import PorterStemmer

_STEMMER = PorterStemmer()
_WORD = re.compile(r"\w+", re.UNICODE)


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
    a to z are not English to the stemmer and stay whole.
    """
    form = display_form(phrase)
    words = _WORD.findall(form) or [form]
    return " ".join(stem(word) for word in words)


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """Porter stem of a lower-case English word; any other word unchanged."""
    return _STEMMER.stem(word) if word.isascii() and word.isalpha() else word
