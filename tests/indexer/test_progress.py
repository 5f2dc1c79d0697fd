"""Counts of the stages are for people: a run goes on without them."""

from __future__ import annotations

import pytest
import ray

from indexer.progress import RemoteProgress

pytestmark = [pytest.mark.timeout(120), pytest.mark.usefixtures("ray_session")]


def test_the_last_counts_stay_when_the_counting_actor_dies() -> None:
    progress = RemoteProgress()
    progress.done("read", 3, 0.5)
    before = progress.counts()
    assert (before.posts["read"], before.seconds["read"]) == (3, 0.5)
    ray.kill(progress._actor)
    progress.done("read", 1, 0.5)
    assert progress.counts() == before
