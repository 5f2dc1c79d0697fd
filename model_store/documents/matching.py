"""Matching: how probably a sentence says what a picture shows, from all that is known of the pair.

Weights and threshold were chosen by hand, and the calibration fitted by logistic regression, on
documents put together from the validation posts of openclipart (bench/aligning/documents.py), for
the model that ships.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]
"""Of all pairs, (pictures, sentences)."""

_ALIGNED, _NAMED, _SHARED = 0.5, 0.5, 3.0
_COMPARED = 0.8
"""How far a sentence that matches all pictures alike speaks for none of them."""
_UNKNOWN, _MATCH_OF_UNKNOWN = 2, -1.0
"""So many more pictures, which a sentence matches as it does most, are compared with too, for a
picture may be the only one of its document."""
_SLOPE, _OFFSET = 1.1, -2.2
_SUREST = 1e-6
"""No probability counts as nearer to 0 or 1."""


def match(aligned: Scores, named: Scores, shared: Scores) -> Scores:
    """Probabilities that the sentences are the pictures' own.

    aligned: the alignment's probability of sentence and picture. named: that of the sentence's
    keyphrases and the picture. shared: cosines of the keyphrases of the two.
    """
    # As in `assignment`: each of Ray's workers imports this module.
    from scipy.special import expit, logit, logsumexp

    found = (
        _ALIGNED * logit(aligned.clip(_SUREST, 1 - _SUREST))
        + _NAMED * logit(named.clip(_SUREST, 1 - _SUREST))
        + _SHARED * shared
    )
    unknown = np.full((_UNKNOWN, found.shape[1]), _MATCH_OF_UNKNOWN)
    compared = np.vstack([found, unknown])
    of_most = logsumexp(compared, axis=0) - np.log(len(compared))
    return np.asarray(expit(_SLOPE * (found - _COMPARED * of_most) + _OFFSET))
