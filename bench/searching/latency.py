"""How long calls take."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")


def milliseconds(ask: Callable[[T], object], asked: Sequence[T]) -> list[float]:
    """One call after the other."""
    taken = []
    for each in asked:
        begun = time.perf_counter()
        ask(each)
        taken.append((time.perf_counter() - begun) * 1000)
    return taken


def spread(taken: Sequence[float]) -> dict[str, float]:
    """Half of the calls take no longer than p50, 99 of 100 no longer than p99."""
    return {
        "p50": float(np.percentile(taken, 50)),
        "p90": float(np.percentile(taken, 90)),
        "p99": float(np.percentile(taken, 99)),
        "mean": float(np.mean(taken)),
        "calls": len(taken),
    }
