"""Two baselines that every comparison should show: no model, yet not easy to beat."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TypeVar

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.neighbors import NearestNeighbors

from posts.phrases import display_form, stem_key
from trainer.metrics import Case
from trainer.training_set import Example

PREDICTIONS = 5
"""Phrases a baseline predicts at most; no score looks further."""

_WORD = r"(?u)\b\w+\b"
_CHUNK = 512
_NEIGHBOURS = 5
_Item = TypeVar("_Item")


def most_frequent(train: Sequence[Example], test: Sequence[Example]) -> list[Case]:
    """Predicts the phrases that most training posts have, for every post the same."""
    phrases = [phrase for example in train for phrase in example.keyphrases]
    common = _most_common(phrases)
    return [_case(example, common) for example in test]


def nearest_neighbour(train: Sequence[Example], test: Sequence[Example]) -> list[Case]:
    """Predicts the gold phrases of the training posts whose texts are most alike, nearest first.

    Likeness is the cosine of TF-IDF vectors of words. A post without a known word, and so without
    a neighbour, gets the most frequent phrases.
    """
    vectorizer = TfidfVectorizer(sublinear_tf=True, token_pattern=_WORD)
    try:
        known = vectorizer.fit_transform(example.text for example in train)
    except ValueError:  # no training post has a word
        return most_frequent(train, test)
    count = min(_NEIGHBOURS, known.shape[0])
    index = NearestNeighbors(n_neighbors=count, metric="cosine", algorithm="brute").fit(known)
    fallback = _most_common([phrase for example in train for phrase in example.keyphrases])
    cases = []
    for some in _chunks(test, _CHUNK):
        distances, rows = index.kneighbors(vectorizer.transform([e.text for e in some]))
        for example, of_example, near in zip(some, distances, rows, strict=True):
            neighbours = [int(r) for r, d in zip(near, of_example, strict=True) if d < 1]
            phrases = [phrase for row in neighbours for phrase in train[row].keyphrases]
            cases.append(_case(example, _distinct(phrases) or fallback))
    return cases


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


def _chunks(items: Sequence[_Item], size: int) -> Iterator[list[_Item]]:
    rows = iter(items)
    while some := list(islice(rows, size)):
        yield some
