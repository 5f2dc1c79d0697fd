"""Counts of the stages are for people: a run goes on without them."""

from __future__ import annotations

import pytest
import ray
from ray.exceptions import RayActorError

from indexer.progress.remote_progress import RemoteProgress

pytestmark = [pytest.mark.timeout(120), pytest.mark.usefixtures("ray_session")]


def kill(actor: ray.actor.ActorHandle) -> None:
    """Kills an actor and waits for its end, for Ray does not: it may answer for a while yet."""
    ray.kill(actor)
    while True:
        try:
            ray.get(actor.counts.remote())
        except RayActorError:
            return


def test_the_last_counts_stay_when_the_counting_actor_dies() -> None:
    progress = RemoteProgress()
    progress.done("read", 3, 0.5)
    ray.get(progress._actor.counts.remote())  # However long it takes to start.
    before = progress.counts()
    assert (before.posts["read"], before.seconds["read"]) == (3, 0.5)
    kill(progress._actor)
    progress.done("read", 1, 0.5)
    assert progress.counts() == before
