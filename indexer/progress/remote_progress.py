"""Progress: how many posts each stage has done, told by the workers as they go."""

from __future__ import annotations

import logging
import time
from typing import Any, Protocol

import ray
from ray.exceptions import RayError

from indexer.cluster.failures import one_line
from indexer.cluster.placement import on_this_node
from indexer.progress.metrics import RunLabels, StageMetrics
from indexer.progress.stage_counts import StageCounts

_PATIENCE = 5.0
"""Seconds the driver waits for counts."""
_PAUSE = 0.02

_log = logging.getLogger(__name__)


class Reports(Protocol):
    """Somewhere to tell what was done."""

    def done(self, stage: str, posts: int, seconds: float, worked: int | None = None) -> None:
        """`worked` None: all of the posts were."""
        ...


class CountingActor:
    """Adds up what the workers tell, and tells it as metrics; lives as a Ray actor."""

    def __init__(self, labels: RunLabels | None = None) -> None:
        """`labels` of the metrics; None: there are none."""
        self._counts = StageCounts()
        self._metrics = None if labels is None else StageMetrics(labels)

    def done(self, stage: str, posts: int, seconds: float, worked: int | None = None) -> None:
        self._counts.posts[stage] += posts
        worked = posts if worked is None else worked
        self._counts.worked[stage] += worked
        self._counts.seconds[stage] += seconds
        if self._metrics is not None:
            self._metrics.done(stage, worked, seconds)

    def counts(self) -> StageCounts:
        return self._counts


class RemoteProgress:
    """The counting actor, as workers and driver see it.

    It lives on the driver's machine, which the run needs in any case, and no run fails for want of
    it: without it the last counts stay.
    """

    def __init__(self, labels: RunLabels | None = None) -> None:
        self._actor: Any = ray.remote(**on_this_node())(CountingActor).remote(labels)
        self._last = StageCounts()

    def done(self, stage: str, posts: int, seconds: float, worked: int | None = None) -> None:
        """Tells without waiting for an answer."""
        self._actor.done.remote(stage, posts, seconds, worked)

    def counts(self) -> StageCounts:
        self._look()
        return self._last

    def settle(self, posts: int) -> None:
        """Waits until all stages have told of so many posts, a few seconds at most: workers tell
        without waiting to be heard, so the last words may still be under way."""
        give_up = time.monotonic() + _PATIENCE
        while self._look() and min(self._last.posts.values()) < posts:
            if time.monotonic() > give_up:
                return
            time.sleep(_PAUSE)

    def _look(self) -> bool:
        """Whether there was an answer."""
        try:
            self._last = ray.get(self._actor.counts.remote(), timeout=_PATIENCE)
        except RayError as error:
            _log.warning("no word of how far the stages are: %s", one_line(error))
            return False
        return True

    def close(self) -> None:
        """Lets the actor come to its end, with its last metrics; the last counts stay."""
        self._actor.__ray_terminate__.remote()
