"""Timelines: few bars, without a gap, and no post lost."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.index.query import FIRST_DAY, LAST_DAY, DayCount
from indexer.search.timeline import MOST_BARS, Bar, Unit, timeline

D = date.fromisoformat


def test_of_no_days_there_is_no_bar() -> None:
    assert timeline([]).bars == ()


def test_days_between_count_nothing() -> None:
    line = timeline([DayCount(D("2026-02-27"), 2), DayCount(D("2026-03-01"), 5)])
    assert line.unit is Unit.DAY
    assert line.bars == (
        Bar(D("2026-02-27"), D("2026-02-28"), 2),
        Bar(D("2026-02-28"), D("2026-03-01"), 0),
        Bar(D("2026-03-01"), D("2026-03-02"), 5),
    )


@pytest.mark.parametrize(
    ("first", "last", "unit", "start", "until"),
    [
        ("2026-01-01", "2026-03-01", Unit.DAY, "2026-01-01", "2026-03-02"),
        ("2026-01-01", "2026-03-02", Unit.WEEK, "2025-12-29", "2026-03-09"),
        ("2024-01-31", "2026-01-01", Unit.MONTH, "2024-01-01", "2026-02-01"),
        ("2000-02-29", "2026-01-01", Unit.YEAR, "2000-01-01", "2027-01-01"),
        ("1900-01-01", "2076-12-31", Unit.DECADE, "1900-01-01", "2080-01-01"),
    ],
)
def test_the_smallest_unit_is_taken_that_gives_few_bars(
    first: str, last: str, unit: Unit, start: str, until: str
) -> None:
    line = timeline([DayCount(D(first), 1), DayCount(D(last), 1)])
    assert line.unit is unit
    assert (line.bars[0].start, line.bars[-1].until) == (D(start), D(until))


@given(st.dictionaries(st.dates(FIRST_DAY, LAST_DAY), st.integers(1, 9), min_size=1, max_size=9))
def test_bars_are_few_and_without_a_gap_and_count_all(counts: dict[date, int]) -> None:
    line = timeline([DayCount(day, counts[day]) for day in sorted(counts)])
    assert len(line.bars) <= MOST_BARS
    assert all(
        one.until == other.start for one, other in zip(line.bars, line.bars[1:], strict=False)
    )
    assert line.bars[0].start <= min(counts)
    assert max(counts) < line.bars[-1].until
    for bar in line.bars:
        days = [bar.start + timedelta(n) for n in range((bar.until - bar.start).days)]
        assert bar.count == sum(counts.get(day, 0) for day in days)
