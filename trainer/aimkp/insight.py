"""Insight into an epoch: how its masked views fared, in numbers that a person can judge.

    views = epoch_insight(strides, epoch, tau)

gives, as JSON values,

    {"image": {"made": 420, "kept": 377, "kept_share": 0.898, "tau": 0.4, "frozen": 0,
               "strides": {"2": 200, "4": 220},
               "cosines": {"quantiles": {"5": 0.31, .., "95": 0.97},
                           "histogram": {"edges": [-1.0, .., 1.0], "counts": [0, .., 12]}}},
     "text": ..,
     "noisiest": [{"id": "7", "modality": "image", "cosine": -0.2, "made": 3, "dropped": 2}, ..]}
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from trainer.aimkp.strides import Modality, Strides, ViewState

_QUANTILES = (5, 25, 50, 75, 95)
_EDGES = [round(-1 + 0.05 * number, 2) for number in range(41)]
"""The same in every epoch and run, so that histograms can be compared."""
_NOISIEST = 20
_NOISIEST_IN_SUMMARY = 5


def epoch_insight(
    strides: Strides, epoch: int, tau: Mapping[Modality, float]
) -> dict[str, Any] | None:
    """What an epoch's masked views were like; None if it made none, as the first never does.

    `strides` must have been shared among the workers since. `tau` are the cosines from which on a
    view counted. A modality of which no view was made is left out.
    """
    views: dict[Modality, list[ViewState]] = {}
    worst: dict[str, tuple[Modality, ViewState]] = {}
    for post, modality, view in strides.made_in(epoch):
        views.setdefault(modality, []).append(view)
        if view.dropped and (post not in worst or _noise(view) > _noise(worst[post][1])):
            worst[post] = modality, view
    if not views:
        return None
    of_modality = {str(one): _of_modality(views[one], tau[one]) for one in Modality if one in views}
    return {**of_modality, "noisiest": _noisiest(worst)}


def summary(views: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What a card keeps of an epoch: no histograms, and few of the noisiest posts."""
    if views is None:
        return None
    kept: dict[str, Any] = {
        name: {**of, "cosines": {"quantiles": of["cosines"]["quantiles"]}}
        for name, of in modalities(views)
    }
    return {**kept, "noisiest": views["noisiest"][:_NOISIEST_IN_SUMMARY]}


def modalities(views: Mapping[str, Any]) -> Iterable[tuple[str, Mapping[str, Any]]]:
    """The modalities that an epoch's insight has, with what it says of each."""
    return [(str(one), views[one]) for one in Modality if one in views]


def _of_modality(views: Sequence[ViewState], tau: float) -> dict[str, Any]:
    kept = sum(view.kept for view in views)
    # A product of rounded numbers can lie beyond 1 by a hair, where no bin is.
    cosines = np.clip([view.cosine for view in views], -1, 1)
    quantiles = np.percentile(cosines, _QUANTILES).tolist()
    strides = Counter(view.last_stride for view in views)
    return {
        "made": len(views),
        "kept": kept,
        "kept_share": kept / len(views),
        "tau": tau,
        "frozen": sum(view.frozen for view in views),
        "strides": {str(stride): strides[stride] for stride in sorted(strides)},
        "cosines": {
            "quantiles": dict(zip(map(str, _QUANTILES), quantiles, strict=True)),
            "histogram": {
                "edges": _EDGES,
                "counts": np.histogram(cosines, _EDGES)[0].tolist(),
            },
        },
    }


def _noise(view: ViewState) -> tuple[int, float]:
    """Greater for a view that was dropped more often or, as often, last had a lower cosine."""
    return view.dropped, -view.cosine


def _noisiest(worst: Mapping[str, tuple[Modality, ViewState]]) -> list[dict[str, Any]]:
    """The posts whose worse view was dropped most often, the noisiest first."""
    # By id first, and then again: equals stay in the order they have.
    by_id = sorted(worst.items())
    by_noise = sorted(by_id, key=lambda one: _noise(one[1][1]), reverse=True)
    return [
        {
            "id": post,
            "modality": str(modality),
            "cosine": view.cosine,
            "made": view.made,
            "dropped": view.dropped,
        }
        for post, (modality, view) in by_noise[:_NOISIEST]
    ]
