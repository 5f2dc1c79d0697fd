"""The tally of masked views: how the filter fared with posts whose labels are right, and wrong."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Any

from sklearn.metrics import roc_auc_score

from trainer.aimkp.strides import Modality, Strides, ViewState


def tally_views(
    strides: Strides, ids: Sequence[str], noisy: frozenset[str], epoch: int
) -> dict[str, Any]:
    """By modality, of the masked views that were made in an epoch, just ended.

    `auc` is the chance that the cosine of a post with right labels is above that of one with wrong
    labels: 0.5 if the filter cannot tell them apart; None if there are not both.
    """
    tally = {}
    for modality in Modality:
        views = {post: strides.of(post, modality) for post in ids}
        made = {post: view for post, view in views.items() if view.epoch == epoch}
        right = [view for post, view in made.items() if post not in noisy]
        wrong = [view for post, view in made.items() if post in noisy]
        tally[str(modality)] = {
            "right labels": _summary(right),
            "wrong labels": _summary(wrong),
            "auc": _auc(right, wrong),
        }
    return tally


def _summary(views: Sequence[ViewState]) -> dict[str, float] | None:
    if not views:
        return None
    return {
        "made": len(views),
        "kept": fmean(view.kept for view in views),
        "cosine": fmean(view.cosine for view in views),
        "stride": fmean(view.last_stride for view in views),
    }


def _auc(right: Sequence[ViewState], wrong: Sequence[ViewState]) -> float | None:
    if not right or not wrong:
        return None
    is_right = [True] * len(right) + [False] * len(wrong)
    return float(roc_auc_score(is_right, [view.cosine for view in (*right, *wrong)]))
