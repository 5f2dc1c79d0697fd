"""Notes of a run: what a task must know of the one that it is done again for.

An actor on the driver's machine, which the run needs in any case, keeps them.
"""

from __future__ import annotations

import logging
from typing import Any

import ray
from ray.exceptions import RayError

from indexer.cluster.failures import one_line
from indexer.cluster.placement import on_this_node
from indexer.pipeline.attempts import Attempt, AttemptNotes
from indexer.pipeline.verdicts import VerdictNotes
from posts.errors import JobError

_PATIENCE = 30.0
"""Seconds a task waits for an answer."""

_log = logging.getLogger(__name__)


class _Notes:
    """The actor."""

    def __init__(self) -> None:
        self._attempts = AttemptNotes()
        self._verdicts = VerdictNotes()

    def begin(self, attempt: Attempt) -> int | None:
        return self._attempts.begin(attempt)

    def end(self, attempt: Attempt) -> None:
        self._attempts.end(attempt)

    def stop(self) -> None:
        self._attempts.stop()

    def open(self) -> int:
        return self._attempts.open()

    def first(self, fragment: int, batch: int, needs: bytes) -> bytes:
        return self._verdicts.first(fragment, batch, needs)


class RemoteNotes:
    """`Attempts` and `Verdicts` as a run's workers and its driver see them."""

    def __init__(self) -> None:
        self._actor: Any = ray.remote(**on_this_node())(_Notes).remote()

    def begin(self, attempt: Attempt) -> int | None:
        """Without the actor each attempt passes for the first: no run fails for want of it."""
        try:
            before: int | None = ray.get(self._actor.begin.remote(attempt), timeout=_PATIENCE)
        except RayError as error:
            _log.warning("nobody knows how earlier attempts ended: %s", one_line(error))
            return 0
        return before

    def end(self, attempt: Attempt) -> None:
        """Tells without waiting for an answer."""
        self._actor.end.remote(attempt)

    def stop(self) -> None:
        """From now on no attempt is begun; does not wait until that is known everywhere."""
        self._actor.stop.remote()

    def open(self) -> int:
        """How many attempts are without an end."""
        try:
            count: int = ray.get(self._actor.open.remote(), timeout=_PATIENCE)
        except RayError:
            return 0
        return count

    def first(self, fragment: int, batch: int, needs: bytes) -> bytes:
        """Without the actor the run fails: posts might be lost between two verdicts."""
        try:
            held: bytes = ray.get(
                self._actor.first.remote(fragment, batch, needs), timeout=_PATIENCE
            )
        except RayError as error:
            raise JobError(
                f"the notes of the run are lost ({one_line(error)}); run again to resume"
            ) from error
        return held

    def close(self) -> None:
        """Ends the actor; what still asks it goes on without."""
        self._actor.__ray_terminate__.remote()
