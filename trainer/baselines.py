"""Two baselines that every comparison should show: no model, yet not easy to beat."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.neighbors import NearestNeighbors

from posts.phrases import display_form, stem_key
from trainer.metrics import Case
from trainer.training_set import Example

PREDICTIONS = 5
"""Phrases a baseline predicts at most; no score looks further."""

_WORD = r"(?u)\b\w+\b"


def most_frequent(train: Sequence[Example], test: Sequence[Example]) -> list[Case]:
    """Predicts the phrases that most training posts have, for every post the same."""
    phrases = [phrase for example in train for phrase in example.keyphrases]
    common = _most_common(phrases)
    return [_case(example, common) for example in test]


def nearest_neighbour(train: Sequence[Example], test: Sequence[Example]) -> list[Case]:
    """Predicts the gold phrases of the training post whose text is most alike.

    Likeness is the cosine of TF-IDF vectors of words. A post that shares no word with any
    training post gets the most frequent phrases.
    """
    vectorizer = TfidfVectorizer(sublinear_tf=True, token_pattern=_WORD)
    try:
        known = vectorizer.fit_transform(example.text for example in train)
    except ValueError:  # no training post has a word
        return most_frequent(train, test)
    index = NearestNeighbors(n_neighbors=1, metric="cosine", algorithm="brute").fit(known)
    distances, rows = index.kneighbors(vectorizer.transform([example.text for example in test]))
    common = _most_common([phrase for example in train for phrase in example.keyphrases])
    return [
        _case(example, _distinct(train[row].keyphrases) if distance < 1 else common)
        for example, distance, row in zip(test, distances[:, 0], rows[:, 0], strict=True)
    ]


def _case(example: Example, phrases: Sequence[str]) -> Case:
    return Case(
        id=example.id, text=example.text, gold=example.keyphrases, predicted=phrases[:PREDICTIONS]
    )


def _most_common(phrases: Sequence[str]) -> list[str]:
    counted = Counter(display_form(phrase) for phrase in phrases)
    return _distinct([phrase for phrase, _ in counted.most_common(4 * PREDICTIONS)])


def _distinct(phrases: Sequence[str]) -> list[str]:
    by_stem: dict[str, str] = {}
    for phrase in phrases:
        by_stem.setdefault(stem_key(phrase), phrase)
    return list(by_stem.values())
