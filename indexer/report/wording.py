"""Figures of a report in words for people."""

from __future__ import annotations

from datetime import UTC, datetime


def in_words(value: object) -> str:
    """A setting."""
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def duration(seconds: float) -> str:
    """`12.3 s`, `4 min 5 s`, `7 h 40 min`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def moment(when: datetime) -> str:
    """In UTC, to the second."""
    return f"{when.astimezone(UTC):%d %B %Y, %H:%M:%S} UTC".removeprefix("0")


def rate(value: float) -> str:
    """A figure per second, in as many digits as say something."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def percent(share: float) -> str:
    """To a tenth; what is there at all is never 0."""
    return "< 0.1%" if 0 < share < 0.0005 else f"{share:.1%}"


def posts(count: int) -> str:
    """`1 post`, `2 posts`."""
    return f"{count:,} post{'' if count == 1 else 's'}"
