"""Watching a run: a stalled pipeline becomes an error, and people see how far it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from indexer.progress.stage_counts import StageCounts, stuck_stage
from indexer.progress.tally import Tally
from posts.errors import JobError

_EVERY = 1.0
"""Seconds between two looks at the stages."""


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A run as it stands."""

    seconds: float
    """Since it began."""
    total: int | None
    """Posts of the dump that have an id; None while the ids are read."""
    stages: StageCounts
    tally: Tally
    """What is committed."""


OnProgress = Callable[[Snapshot], None]


class Watch:
    """Looks at the stages now and then; `look` is called from the run's loop."""

    def __init__(
        self,
        counts: Callable[[], StageCounts],
        tally: Tally,
        total: int | None,
        stall_after: float,
        on_progress: OnProgress | None = None,
        clock: Callable[[], float] = time.monotonic,
        *,
        awaits_machine: bool = False,
    ) -> None:
        """`awaits_machine`: until the model has said something, nothing needs to move, for no
        machine was there for it."""
        self._counts = counts
        self._tally = tally
        self._total = total
        self._stall_after = stall_after
        self._on_progress = on_progress
        self._clock = clock
        self._awaits_machine = awaits_machine
        self._begun = self._looked = self._moved = clock()
        self._last: tuple[StageCounts, Tally] | None = None

    def look(self, *, now: bool = False) -> None:
        """At most once a second unless `now`. Raises `JobError` that names the stage if nothing
        has got on for too long."""
        moment = self._clock()
        if not now and moment - self._looked < _EVERY:
            return
        self._looked = moment
        seen = (self._counts(), replace(self._tally))
        waits = self._awaits_machine and not seen[0].posts["generate"]
        if seen != self._last or waits:
            self._last, self._moved = seen, moment
        elif moment - self._moved >= self._stall_after:
            raise JobError(
                f"nothing has moved for {self._stall_after:.0f} seconds; the stage "
                f"{stuck_stage(seen[0].posts)!r} is stuck, see its logs, then run again to resume"
            )
        if self._on_progress is not None:
            self._on_progress(
                Snapshot(
                    seconds=moment - self._begun,
                    total=self._total,
                    stages=seen[0],
                    tally=seen[1],
                )
            )
