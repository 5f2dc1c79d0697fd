"""The calibration of an alignment score: from a cosine to the probability of a true pair."""

from __future__ import annotations

import copy
import logging

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression

from model_store.alignment.alignment import Alignment, Calibration
from model_store.alignment.heads import AlignmentHeads
from model_store.base import Base
from model_store.prompt import Prompt
from posts.errors import InputError
from trainer.alignment.attached_heads import heads_of
from trainer.alignment.feature_table import FeatureTable
from trainer.alignment.measures import Cosines, deranged
from trainer.training_set import TrainingSet

_log = logging.getLogger(__name__)


@torch.no_grad()
def cosines(heads: AlignmentHeads, features: FeatureTable) -> Cosines:
    """Of every picture with every text, (N, N)."""
    heads.eval()
    found = heads.pictures(features.pictures) @ heads.texts(features.texts).T
    return np.asarray(found.numpy(), dtype=np.float64)


def calibrate(found: Cosines, seed: int = 0) -> Calibration:
    """Logistic regression on true and deranged pairs, each kind with half of the weight.

    The posts are to be others than the heads were trained on, whose pairs they know by heart.
    Raises InputError for less than two posts.
    """
    if len(found) < 2:
        raise InputError("a calibration needs at least two posts with a picture and a text")
    true, wrong = np.diagonal(found), deranged(found, seed)
    labels = np.repeat([1, 0], [len(true), len(wrong)])
    weights = np.repeat([1 / len(true), 1 / len(wrong)], [len(true), len(wrong)]) * len(true)
    # Nearly without regularisation: two numbers are fitted.
    model = LogisticRegression(C=1e4)
    model.fit(np.concatenate([true, wrong])[:, None], labels, sample_weight=weights)
    return Calibration(slope=float(model.coef_[0, 0]), intercept=float(model.intercept_[0]))


def calibrated_alignment(base: Base, prompt: Prompt, examples: TrainingSet) -> Alignment:
    """The alignment of a model with heads attached, calibrated on posts it was not trained on.

    Where too few of these have a picture and a text, its probabilities are not to be trusted, and a
    warning says so.
    """
    heads = heads_of(base.model)
    if heads is None:
        raise ValueError("a model without alignment heads has no alignment")
    features = FeatureTable.of(base, prompt, examples, heads.shape.text_layer)
    kept = copy.deepcopy(heads).cpu().eval().requires_grad_(False)
    if len(features) < 2:
        _log.warning("alignment is not calibrated: too few validation posts have both parts")
        return Alignment(heads=kept, calibration=Calibration())
    return Alignment(heads=kept, calibration=calibrate(cosines(kept, features)))
