"""Throughput over the time of a run, from its samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from indexer.report.record import Sample

_PARTS = 48
_SHORTEST = 1.0
"""Seconds: stages are looked at once a second."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A part of the time; all are equally long."""

    start: float
    """Seconds since the run began."""
    end: float
    read: float
    """Posts per second that the first stage did."""
    finished: float
    """And the last one."""
    committed: int
    """Posts, from the beginning of the run to the end of this part."""


def throughput(samples: Sequence[Sample]) -> list[Part]:
    """Up to 48 parts from the first to the last sample; none if there is no time between them."""
    if not samples or samples[-1].seconds <= samples[0].seconds:
        return []
    times = np.array([one.seconds for one in samples])
    span = times[-1] - times[0]
    parts = max(1, min(_PARTS, int(span / _SHORTEST)))
    edges = np.linspace(times[0], times[-1], parts + 1)
    # Counts of the watch never go back, but a lost worker may be counted twice.
    at = {
        name: np.interp(edges, times, [getattr(one, name) for one in samples])
        for name in ("read", "finished", "committed")
    }
    width = span / parts
    return [
        Part(
            start=float(edges[part]),
            end=float(edges[part + 1]),
            read=float(at["read"][part + 1] - at["read"][part]) / width,
            finished=float(at["finished"][part + 1] - at["finished"][part]) / width,
            committed=int(at["committed"][part + 1]),
        )
        for part in range(parts)
    ]
