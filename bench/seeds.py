"""Means over the seeds of a study, with 95% intervals, and how a table shows them.

An interval is Student's t over seeds: where the mean of further seeds would lie.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean, stdev

from scipy import stats

Figure = Mapping[str, float | None] | None
"""A mean and the low and high end of its interval; None where there is nothing."""


def interval(values: Sequence[float]) -> dict[str, float | None] | None:
    """Mean and ends of the 95% interval; one value has no interval, and none nothing."""
    if not values:
        return None
    mean = fmean(values)
    if len(values) == 1:
        return {"mean": round(mean, 5), "low": None, "high": None}
    half = float(stats.t.ppf(0.975, len(values) - 1)) * stdev(values) / math.sqrt(len(values))
    return {"mean": round(mean, 5), "low": round(mean - half, 5), "high": round(mean + half, 5)}


def shown(figure: Figure, *, signed: bool = False) -> str:
    """Mean and half of the interval's width."""
    if figure is None or figure["mean"] is None:
        return ""
    mean = f"{figure['mean']:+.3f}" if signed else f"{figure['mean']:.3f}"
    if figure["high"] is None:
        return mean
    return f"{mean} ± {figure['high'] - figure['mean']:.3f}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """In Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
