"""The output: phrases as a model writes and is taught to write them, and beams as scores."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from posts.phrases import Keyphrase, display_form, stem_key

MOST_WORDS = 10
MOST_CHARACTERS = 100
MOST_PHRASES = 50
"""Bounds on what is taken for phrases; whatever is longer is babble."""

_SEPARATOR = re.compile(r"[,，\n\r]+")
_SPECIAL_TOKEN = re.compile(r"<\|[^<>|]*\|>|</?[a-z_]+>", re.IGNORECASE)
_QUOTES = " \t\"'`"
_BULLETS = " \t*•-"


class Beam(NamedTuple):
    """One output of a beam search."""

    text: str
    log_probability: float
    """Sum over its tokens."""


@dataclass
class _Found:
    phrase: str
    score: float = 0.0


def write_phrases(phrases: Iterable[str]) -> str:
    """`kp1, kp2`, in the order given; commas and line breaks inside a phrase become spaces."""
    cleaned = (" ".join(_SEPARATOR.sub(" ", phrase).split()) for phrase in phrases)
    return ", ".join(phrase for phrase in cleaned if phrase)


def parse_phrases(text: str) -> list[str]:
    """Phrases in the order written, whatever the text; none empty, none over the bounds."""
    pieces = _SEPARATOR.split(_SPECIAL_TOKEN.sub(" ", text))
    phrases = [" ".join(piece.strip(_QUOTES).lstrip(_BULLETS).split()) for piece in pieces]
    return [phrase for phrase in phrases if _is_phrase(phrase)][:MOST_PHRASES]


def _is_phrase(phrase: str) -> bool:
    fits = len(phrase) <= MOST_CHARACTERS and len(phrase.split()) <= MOST_WORDS
    # Byte-level models can write half a character, which reads as the replacement character.
    fits = fits and "\ufffd" not in phrase
    # Letters, numbers, or pictographs such as emoji: punctuation alone says nothing.
    kinds = (unicodedata.category(character) for character in phrase)
    return fits and any(kind[0] in "LN" or kind == "So" for kind in kinds)


def score_phrases(beams: Iterable[Beam]) -> list[Keyphrase]:
    """Keyphrases in display form, best first.

    A phrase's score is the sum, over the beams that contain it, of the softmax of the beams'
    log-probabilities. Ties go to the phrase of the better beam, then to the one written first.
    Phrases with one stem are one; the best beam's writing is shown.
    """
    beams = sorted(beams, key=lambda beam: -beam.log_probability)
    found: dict[str, _Found] = {}
    for beam, share in zip(beams, _softmax([beam.log_probability for beam in beams]), strict=True):
        in_beam: dict[str, str] = {}
        for phrase in parse_phrases(beam.text):
            in_beam.setdefault(stem_key(phrase), display_form(phrase))
        for key, phrase in in_beam.items():
            found.setdefault(key, _Found(phrase)).score += share
    # Phrases were found by beam and position, and sorting is stable: ties keep that order.
    # Rounded, for sums of the same shares in another order are ties too.
    ranked = sorted(found.values(), key=lambda one: -round(one.score, 9))
    return [Keyphrase(one.phrase, min(one.score, 1.0)) for one in ranked]


def _softmax(values: Sequence[float]) -> list[float]:
    exponentials = [math.exp(value - max(values)) for value in values]
    return [one / sum(exponentials) for one in exponentials]
