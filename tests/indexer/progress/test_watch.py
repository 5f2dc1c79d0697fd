"""A run that stands still says which stage is stuck."""

from __future__ import annotations

import pytest

from indexer.progress.stage_counts import StageCounts, stuck_stage
from indexer.progress.tally import Tally
from indexer.progress.watch import Snapshot, Watch
from posts.errors import JobError


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def counts(read: int, ask: int, decode: int, generate: int) -> StageCounts:
    posts = {"read": read, "ask": ask, "decode": decode, "generate": generate}
    return StageCounts(posts=posts)


def test_a_pipeline_that_stands_still_is_an_error_that_names_the_stage() -> None:
    clock = Clock()
    watch = Watch(lambda: counts(9, 9, 9, 4), Tally(), 20, 60, clock=clock)
    watch.look(now=True)
    clock.now = 59
    watch.look(now=True)
    clock.now = 60
    with pytest.raises(JobError, match="'generate' is stuck"):
        watch.look(now=True)


def test_nothing_needs_to_move_while_no_machine_is_there_for_the_model() -> None:
    clock = Clock()
    done = [0]
    watch = Watch(
        *(lambda: counts(9, 9, 9, done[0]), Tally(), 20, 60), clock=clock, awaits_machine=True
    )
    for moment in range(0, 500, 50):
        clock.now = moment
        watch.look(now=True)
    done[0] = 4
    watch.look(now=True)
    clock.now += 60
    with pytest.raises(JobError, match="'generate' is stuck"):
        watch.look(now=True)


def test_any_stage_that_gets_on_keeps_a_run_alive() -> None:
    clock = Clock()
    done = [0]
    watch = Watch(lambda: counts(9, 9, 9, done[0]), Tally(), 20, 60, clock=clock)
    for moment in range(0, 500, 50):
        clock.now, done[0] = moment, moment
        watch.look(now=True)


def test_progress_is_shown_at_most_once_a_second() -> None:
    clock = Clock()
    shown: list[Snapshot] = []
    watch = Watch(lambda: counts(1, 1, 0, 0), Tally(dead=1), 20, 60, shown.append, clock)
    for tenth in range(25):
        clock.now = tenth / 10
        watch.look()
    assert len(shown) == 2
    assert (shown[0].total, shown[0].tally.dead) == (20, 1)


@pytest.mark.parametrize(
    ("seen", "stage"),
    [
        ((0, 0, 0, 0), "read"),
        ((5, 3, 3, 3), "ask"),
        ((5, 5, 3, 3), "decode"),
        ((5, 5, 5, 5), "read"),
    ],
)
def test_the_stuck_stage_is_the_first_that_lags(seen: tuple[int, ...], stage: str) -> None:
    assert stuck_stage(counts(*seen).posts) == stage
