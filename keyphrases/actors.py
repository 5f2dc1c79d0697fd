"""The number of model actors as people write it: a number, or `auto`."""

from __future__ import annotations

import click

AUTO = "auto"


class Actors(click.ParamType):
    """A number; None stands for `auto`."""

    name = "n|auto"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | None:
        if isinstance(value, int):
            return value
        if value == AUTO:
            return None
        try:
            return int(str(value))
        except ValueError:
            self.fail(f"{value!r} is neither a number nor {AUTO}", param, ctx)
