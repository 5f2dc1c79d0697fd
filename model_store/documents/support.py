"""Support: how far the keyphrases of a picture speak for a sentence."""

from __future__ import annotations

import math
from collections.abc import Sequence

from posts.phrases import Keyphrase, stem_key


def mentions(answer: Sequence[Keyphrase], sentence: str) -> dict[str, float]:
    """Scores of the keyphrases that stand in the sentence, by their stems."""
    words = f" {stem_key(sentence)} "
    return {key: score for key, score in _by_stem(answer).items() if f" {key} " in words}


def mentioned(of_picture: Sequence[Keyphrase], sentence: str) -> float:
    """The best score of a picture's keyphrases that stand in the sentence, 0 to 1."""
    return max(mentions(of_picture, sentence).values(), default=0.0)


def shared(
    of_picture: Sequence[Keyphrase], of_sentence: Sequence[Keyphrase], sentence: str
) -> float:
    """Cosine of two answers, 0 to 1, each a vector of scores by phrase.

    A phrase of the picture that stands in the sentence itself counts as one of the sentence's.
    """
    shown, said = _by_stem(of_picture), _by_stem(of_sentence)
    said |= dict.fromkeys(mentions(of_picture, sentence), 1.0)
    inner = sum(score * said.get(key, 0.0) for key, score in shown.items())
    norms = math.hypot(*shown.values()) * math.hypot(*said.values())
    return min(inner / norms, 1.0) if norms else 0.0


def _by_stem(answer: Sequence[Keyphrase]) -> dict[str, float]:
    return {stem_key(one.phrase): one.score for one in reversed(answer)}
