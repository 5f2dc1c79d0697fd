"""How fast a run gets on, and how long it will take."""

from __future__ import annotations

import pytest

from indexer.progress.pace import Pace, PaceMeter
from indexer.progress.stage_counts import StageCounts
from indexer.progress.tally import Tally
from indexer.progress.watch import Snapshot


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Run:
    """A run that a meter watches; it began when the clock showed 1,000."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.meter = PaceMeter(self.clock)

    def at(self, seconds: float, committed: int, total: int | None = 10_000) -> Pace:
        self.clock.now = 1_000 + seconds
        tally = Tally(unchanged=committed)
        return self.meter.see(
            Snapshot(seconds=seconds, total=total, stages=StageCounts(), tally=tally)
        )


def test_rates_count_from_the_beginning_and_not_from_the_first_look() -> None:
    pace = Run().at(10, 100)
    assert (pace.whole, pace.recent, pace.seconds_left) == (10, 10, 990)


def test_the_recent_rate_forgets_what_is_older_than_five_minutes() -> None:
    run = Run()
    for second in range(0, 1_001, 10):
        run.at(second, 8 * second)  # A fast night's part: most posts were unchanged.
    for second in range(1_010, 1_401, 10):
        pace = run.at(second, 8_000 + (second - 1_000))
    assert pace.recent == pytest.approx(1)
    assert pace.whole == pytest.approx(8_400 / 1_400)
    assert pace.seconds_left == pytest.approx(1_600)


def test_a_part_of_five_minutes_counts_by_its_share() -> None:
    run = Run()
    for second in range(0, 401, 10):
        pace = run.at(second, 100 if second >= 200 else 0)
    assert pace.recent == pytest.approx(100 / 300)


def test_time_left_is_unknown_while_nothing_is_committed_or_the_total_is_not_known() -> None:
    run = Run()
    assert run.at(0, 0) == Pace()
    assert run.at(9, 0).seconds_left is None
    assert run.at(20, 5).seconds_left is not None
    for second in range(21, 400):
        pace = run.at(second, 5)
    assert (pace.recent, pace.seconds_left) == (0, None)
    assert run.at(401, 5, total=None).seconds_left is None


def test_posts_without_an_id_make_no_time_left_negative() -> None:
    assert Run().at(10, 12, total=10).seconds_left == 0


def test_reading_ids_has_a_rate_of_its_own_and_no_part_in_that_of_posts() -> None:
    run = Run()
    stages = StageCounts()
    stages.posts["read"] = 3_000
    run.clock.now += 30
    ids = run.meter.see(Snapshot(seconds=30, total=None, stages=stages, tally=Tally()))
    assert (ids.whole, ids.seconds_left) == (100, None)
    run.clock.now += 10
    first = Snapshot(seconds=10, total=100, stages=StageCounts(), tally=Tally(generated=20))
    assert run.meter.see(first).whole == 2


def test_a_long_night_keeps_few_figures() -> None:
    run = Run()
    for second in range(5_000):
        run.at(second, second)
    assert len(run.meter._marks) < 70
