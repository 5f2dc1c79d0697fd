"""Counts of the stages are for people: a run goes on without them."""

from __future__ import annotations

import pytest
import ray
from ray.exceptions import RayActorError

from indexer.progress import remote_progress
from indexer.progress.remote_progress import RemoteProgress
from indexer.progress.stage_counts import STAGES

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


def test_what_is_still_under_way_is_waited_for() -> None:
    progress = RemoteProgress()
    for stage in STAGES:
        progress.done(stage, 3, 0.5)
    progress.settle(3)
    assert progress.counts().posts == dict.fromkeys(STAGES, 3)


def test_nothing_is_waited_for_that_nobody_will_tell(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    progress = RemoteProgress()
    ray.get(progress._actor.counts.remote())
    monkeypatch.setattr(remote_progress, "_PATIENCE", 0.2)
    progress.settle(3)
    assert not caplog.records
    monkeypatch.setattr(remote_progress, "_PATIENCE", 60.0)
    kill(progress._actor)
    progress.settle(3)
    assert len(caplog.records) == 1
