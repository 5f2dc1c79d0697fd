"""Support: how far the keyphrases of a picture speak for a sentence."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from model_store.documents.matching import Scores
from posts.phrases import Keyphrase, stem_key


def mentions(answer: Sequence[Keyphrase], sentence: str) -> dict[str, float]:
    """Scores of the keyphrases that stand in the sentence, by their stems."""
    return _among(_by_stem(answer), _words(sentence))


def mentioned(of_picture: Sequence[Keyphrase], sentence: str) -> float:
    """The best score of a picture's keyphrases that stand in the sentence, 0 to 1."""
    return max(mentions(of_picture, sentence).values(), default=0.0)


def shared(
    of_pictures: Sequence[Sequence[Keyphrase]],
    of_sentences: Sequence[Sequence[Keyphrase]],
    sentences: Sequence[str],
) -> Scores:
    """Cosines of the answers to pictures and to sentences, each a vector of scores by phrase.

    Of all pairs, (pictures, sentences), 0 to 1. A phrase of the picture that stands in the sentence
    itself counts as one of the sentence's.
    """
    shown, said = [list(map(_by_stem, answers)) for answers in (of_pictures, of_sentences)]
    words = list(map(_words, sentences))
    cosines = [
        [
            _cosine(picture, sentence | dict.fromkeys(_among(picture, there), 1.0))
            for sentence, there in zip(said, words, strict=True)
        ]
        for picture in shown
    ]
    return np.array(cosines, dtype=np.float64).reshape(len(shown), len(said))


def _cosine(one: dict[str, float], other: dict[str, float]) -> float:
    inner = sum(score * other.get(key, 0.0) for key, score in one.items())
    norms = math.hypot(*one.values()) * math.hypot(*other.values())
    return min(inner / norms, 1.0) if norms else 0.0


def _words(sentence: str) -> str:
    return f" {stem_key(sentence)} "


def _among(scores: dict[str, float], words: str) -> dict[str, float]:
    return {key: score for key, score in scores.items() if f" {key} " in words}


def _by_stem(answer: Sequence[Keyphrase]) -> dict[str, float]:
    return {stem_key(one.phrase): one.score for one in reversed(answer)}
