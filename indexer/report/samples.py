"""Samples of a run over its time: enough for a plot, however long it takes."""

from __future__ import annotations

from indexer.report.record import Sample

_MOST = 400


class Samples:
    """At most 400: when there are more, every second one goes, and fewer are taken from then on.

    The latest is always there.
    """

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._kept: list[Sample] = []
        self._apart = 0.0
        """Seconds between two that are kept, at least."""
        self._latest: Sample | None = None

    def add(self, sample: Sample) -> None:
        """Takes one in that is later than all before."""
        self._latest = sample
        if self._kept and sample.seconds - self._kept[-1].seconds < self._apart:
            return
        self._kept.append(sample)
        if len(self._kept) >= self._most:
            first, last = self._kept[0], self._kept[-1]
            self._kept = self._kept[::2]
            self._apart = 2 * (last.seconds - first.seconds) / self._most

    def all(self) -> tuple[Sample, ...]:
        """In order of time."""
        kept = self._kept
        if self._latest is not None and self._latest is not kept[-1]:
            kept = [*kept, self._latest]
        return tuple(kept)
