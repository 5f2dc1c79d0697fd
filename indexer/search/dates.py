"""Dates as people write them in queries, as moments in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from posts.errors import InputError

_DAY = re.compile(r"\d{4}-?\d{2}-?\d{2}|\d{4}-?W\d{2}-?\d")
"""A date without a time, as ISO 8601 has it."""
_WEEK = re.compile(r"\d{4}-?W\d{2}")


def parse_since(text: str) -> datetime:
    """An ISO 8601 date or time, in UTC; without a zone it is taken as UTC."""
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InputError(
            f"{text!r} is not a date; write it like 2026-11-21 or 2026-11-21T18:30:00+01:00"
        ) from error


def parse_until(text: str) -> datetime:
    """The moment before which posts are wanted: of a day or a week, its end; of a time, that
    time."""
    moment, written = parse_since(text), text.strip()
    days = 7 if _WEEK.fullmatch(written) else 1 if _DAY.fullmatch(written) else 0
    try:
        return moment + timedelta(days=days)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)
