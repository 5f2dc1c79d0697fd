from __future__ import annotations

from itertools import permutations, product

import numpy as np

from model_store.documents.assignment import assign


def best_sum(scores: np.ndarray, least: float) -> float:
    """By trying everything."""
    pictures, sentences = scores.shape
    best = -np.inf
    for shown in product([False, True], repeat=pictures):
        rows = [row for row in range(pictures) if shown[row]]
        for columns in permutations(range(sentences), len(rows)):
            total = least * (pictures - len(rows)) + sum(map(float, scores[rows, list(columns)]))
            best = max(best, total)
    return best


def test_the_sum_is_the_largest_of_all_assignments() -> None:
    rng = np.random.default_rng(3)
    for pictures, sentences in [(1, 1), (2, 4), (3, 3), (4, 2), (3, 0)]:
        for _ in range(20):
            scores = rng.random((pictures, sentences))
            scores[rng.random(scores.shape) < 0.2] = -np.inf
            found = assign(scores, 0.4)
            pairs = [(row, column) for row, column in enumerate(found) if column is not None]
            assert len({column for _, column in pairs}) == len(pairs)
            assert all(scores[pair] >= 0.4 for pair in pairs)
            total = sum(scores[pair] for pair in pairs) + 0.4 * (pictures - len(pairs))
            assert np.isclose(total, best_sum(scores, 0.4))


def test_a_sentence_goes_to_the_picture_that_needs_it() -> None:
    # Both want the first sentence; the second picture has nothing else.
    assert assign(np.array([[0.9, 0.8], [0.85, 0.1]]), 0.2) == [1, 0]


def test_nothing_is_chosen_below_the_least() -> None:
    assert assign(np.array([[0.1, 0.19], [0.21, 0.05]]), 0.2) == [None, 0]
    assert assign(np.empty((0, 3)), 0.2) == []
    assert assign(np.empty((2, 0)), 0.2) == [None, None]
