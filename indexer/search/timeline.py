"""Posts by date: days put together so that a chart of them has few bars."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from indexer.index.query import DayCount

MOST_BARS = 60


class Unit(StrEnum):
    DAY = "day"
    WEEK = "week"
    """From Monday on."""
    MONTH = "month"
    YEAR = "year"
    DECADE = "decade"


@dataclass(frozen=True, slots=True)
class Bar:
    start: date
    until: date
    """The first day that is no more of it."""
    count: int


@dataclass(frozen=True, slots=True)
class Timeline:
    unit: Unit
    bars: tuple[Bar, ...]
    """One after the other without a gap, so that some may count 0; at most `MOST_BARS`."""


def timeline(days: Sequence[DayCount]) -> Timeline:
    """In the smallest unit that gives few bars."""
    if not days:
        return Timeline(Unit.DAY, ())
    for unit, (start_of, next_of) in _UNITS.items():
        starts = [start_of(days[0].day)]
        while len(starts) <= MOST_BARS and next_of(starts[-1]) <= days[-1].day:
            starts.append(next_of(starts[-1]))
        if len(starts) <= MOST_BARS:
            counts = dict.fromkeys(starts, 0)
            for each in days:
                counts[start_of(each.day)] += each.count
            bars = (Bar(start, next_of(start), count) for start, count in counts.items())
            return Timeline(unit, tuple(bars))
    raise AssertionError("all days that are counted lie within few decades")


def _after(days: int) -> Callable[[date], date]:
    return lambda day: day + timedelta(days=days)


_UNITS: dict[Unit, tuple[Callable[[date], date], Callable[[date], date]]] = {
    Unit.DAY: (lambda day: day, _after(1)),
    Unit.WEEK: (lambda day: day - timedelta(days=day.weekday()), _after(7)),
    Unit.MONTH: (
        lambda day: day.replace(day=1),
        lambda day: (day.replace(day=1) + timedelta(days=32)).replace(day=1),
    ),
    Unit.YEAR: (
        lambda day: day.replace(month=1, day=1),
        lambda day: day.replace(year=day.year + 1),
    ),
    Unit.DECADE: (
        lambda day: date(day.year // 10 * 10, 1, 1),
        lambda day: day.replace(year=day.year + 10),
    ),
}
