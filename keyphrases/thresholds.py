"""Thresholds of scores as people write them: numbers from 0 to 1, separated by commas."""

from __future__ import annotations

import click


class Thresholds(click.ParamType):
    """A tuple of numbers, as they were written."""

    name = "0,0.1,..."

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, ...]:
        if isinstance(value, tuple):
            return value
        return tuple(self._threshold(part, param, ctx) for part in str(value).split(","))

    def _threshold(
        self, part: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        try:
            threshold = float(part)
        except ValueError:
            threshold = -1.0
        if not 0 <= threshold <= 1:
            self.fail(f"{part!r} is not a number from 0 to 1", param, ctx)
        return threshold
