"""Baselines that every comparison should show: no model is trained, yet they are hard to beat."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.neighbors import NearestNeighbors

from posts.phrases import display_form, stem_key
from trainer.metrics import Case
from trainer.training_set import Example

PREDICTIONS = 5
"""Phrases a baseline predicts at most; no score looks further."""

Likeness = NDArray[np.floating]
"""Of each asked post (rows) to each training post (columns): cosines, 0 for nothing in common."""

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
    vectorizer = _vectorizer()
    try:
        known = vectorizer.fit_transform(example.text for example in train)
    except ValueError:  # no training post has a word
        return most_frequent(train, test)
    index = NearestNeighbors(n_neighbors=1, metric="cosine", algorithm="brute").fit(known)
    distances, rows = index.kneighbors(vectorizer.transform([example.text for example in test]))
    return _gold_of(train, test, rows[:, 0], distances[:, 0] < 1)


def most_alike(
    train: Sequence[Example], test: Sequence[Example], *likenesses: Likeness
) -> list[Case]:
    """Predicts the gold phrases of the training post that is most alike, all likenesses added.

    A post that is like none gets the most frequent phrases.
    """
    likeness = np.sum(likenesses, axis=0)
    rows = likeness.argmax(axis=1)
    return _gold_of(train, test, rows, likeness.max(axis=1) > 0)


def neighbours_vote(
    train: Sequence[Example], test: Sequence[Example], *likenesses: Likeness, neighbours: int = 10
) -> list[Case]:
    """Predicts the gold phrases that the most alike training posts have, by their likeness summed.

    A post that is like none gets the most frequent phrases.
    """
    common = most_frequent(train, test)
    likeness = np.sum(likenesses, axis=0)
    nearest = np.argsort(-likeness, axis=1, kind="stable")[:, :neighbours]
    cases = []
    for usual, example, alike, rows in zip(common, test, likeness, nearest, strict=True):
        votes: dict[str, float] = defaultdict(float)
        written: dict[str, str] = {}
        for row in rows[alike[rows] > 0]:
            for phrase in _distinct(train[row].keyphrases):
                key = stem_key(phrase)
                votes[key] += float(alike[row])
                written.setdefault(key, phrase)
        best = [written[key] for key in sorted(votes, key=votes.__getitem__, reverse=True)]
        cases.append(_case(example, best) if best else usual)
    return cases


def text_likeness(train: Sequence[Example], test: Sequence[Example]) -> Likeness:
    """By TF-IDF vectors of words, as `nearest_neighbour` has it."""
    vectorizer = _vectorizer()
    try:
        known = vectorizer.fit_transform(example.text for example in train)
    except ValueError:  # no training post has a word
        return np.zeros((len(test), len(train)))
    asked = vectorizer.transform(example.text for example in test)
    return np.asarray((asked @ known.T).todense())


def feature_likeness(train: NDArray[np.floating], test: NDArray[np.floating]) -> Likeness:
    """By features of pictures, a row for each post; a row of zeros is a post without a picture."""
    return _unit_rows(test) @ _unit_rows(train).T


def _unit_rows(features: NDArray[np.floating]) -> NDArray[np.floating]:
    sizes = np.linalg.norm(features, axis=1, keepdims=True)
    return np.divide(features, sizes, out=np.zeros_like(features), where=sizes > 0)


def _vectorizer() -> TfidfVectorizer:
    return TfidfVectorizer(sublinear_tf=True, token_pattern=_WORD)


def _gold_of(
    train: Sequence[Example],
    test: Sequence[Example],
    rows: NDArray[np.integer],
    known: NDArray[np.bool_],
) -> list[Case]:
    """The gold of a training post for each asked one, or the most frequent phrases if not known."""
    common = _most_common([phrase for example in train for phrase in example.keyphrases])
    return [
        _case(example, _distinct(train[row].keyphrases) if found else common)
        for example, row, found in zip(test, rows.tolist(), known.tolist(), strict=True)
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
