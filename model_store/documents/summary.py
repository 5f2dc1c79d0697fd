"""The summary: the few sentences of a long text that its keyphrases and pictures speak for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from model_store.documents.support import mentions
from posts.phrases import Keyphrase

LONGEST_SUMMARY = 280
"""Characters."""
_GAP = " … "
_LEAST_WORDS = 3
"""Of a sentence that may stand in a summary; headings and the like say too little."""


def summarise(
    sentences: Sequence[str], captions: Mapping[int, float], keyphrases: Sequence[Keyphrase]
) -> str:
    """Whole sentences in their order, at most `LONGEST_SUMMARY` characters; may be empty.

    One after the other the sentence is taken that adds most: the scores of the keyphrases that
    stand in it and in none before it, and its own score if it is the caption of a picture
    (`captions`, by sentence). Where nothing speaks for any, the first one is taken.
    """
    plain = [" ".join(sentence.split()) for sentence in sentences]
    fit = [number for number, one in enumerate(plain) if len(one) <= LONGEST_SUMMARY]
    fit = [number for number in fit if len(plain[number].split()) >= _LEAST_WORDS] or fit
    named = {number: mentions(keyphrases, plain[number]) for number in fit}
    scores = {key: score for found in named.values() for key, score in found.items()}
    chosen: list[int] = []
    room = LONGEST_SUMMARY
    while fit:
        gains = {
            number: captions.get(number, 0.0)
            + sum(scores[key] for key in named[number] if key in scores)
            for number in fit
        }
        best = max(fit, key=lambda number: (gains[number], -number))
        if gains[best] <= 0 and chosen:
            break
        chosen.append(best)
        room -= len(plain[best]) + len(_GAP)
        for key in named[best]:
            scores.pop(key, None)
        fit = [number for number in fit if number != best and len(plain[number]) <= room]
    return _joined(plain, sorted(chosen))


def _joined(plain: Sequence[str], chosen: Sequence[int]) -> str:
    """What is left out between two sentences is marked."""
    parts = [
        (_GAP if before is not None and number > before + 1 else " " * (before is not None))
        + plain[number]
        for before, number in zip([None, *chosen], chosen, strict=False)
    ]
    return "".join(parts)
