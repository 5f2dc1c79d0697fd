from __future__ import annotations

import numpy as np
import pytest

from model_store.documents.matching import match


def row(*values: float) -> np.ndarray:
    return np.array([values])


@pytest.mark.parametrize("which", [0, 1, 2])
def test_each_kind_of_evidence_speaks_for_a_pair(which: int) -> None:
    evidence = [np.full((1, 3), 0.5) for _ in range(3)]
    evidence[which] = row(0.1, 0.5, 0.9)
    low, middle, high = match(*evidence)[0]
    assert 0 < low < middle < high < 1


def test_a_sentence_that_fits_all_pictures_is_the_caption_of_none() -> None:
    aligned = np.array([[0.8, 0.8], [0.1, 0.8], [0.1, 0.8]])
    found = match(aligned, np.full((3, 2), 0.5), np.zeros((3, 2)))
    assert found[0, 0] > 1.5 * found[0, 1]


def test_a_picture_alone_is_compared_with_others_too() -> None:
    sure, unsure = (fit[0, 0] for fit in (alone(0.95), alone(0.1)))
    assert sure > 0.4 > 0.1 > unsure
    # Beside another that the sentence matches as well, it is less sure.
    both = np.full((2, 1), 0.95)
    assert match(both, both, both)[0, 0] < sure


def alone(evidence: float) -> np.ndarray:
    return match(row(evidence), row(evidence), row(evidence))


def test_certainty_has_bounds() -> None:
    for certain in (0.0, 1.0):
        found = match(row(certain), row(certain), row(certain))
        assert np.isfinite(found).all()
        assert 0 < found[0, 0] < 1


def test_there_may_be_no_sentence() -> None:
    assert match(*[np.zeros((2, 0))] * 3).shape == (2, 0)
