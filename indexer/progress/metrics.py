"""Metrics of a run, through Ray's own exporter, which Prometheus reads.

Ray puts `ray_` before their names, and `_total` behind those of counters. All have the labels
`run` and `index`, which is its location without secrets. No run fails for want of them.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ray.util.metrics import Counter, Gauge

from indexer.progress.tally import Tally

if TYPE_CHECKING:
    from indexer.progress.watch import OnProgress, Snapshot

STAGE_POSTS = "keyphrases_stage_posts"
STAGE_SECONDS = "keyphrases_stage_seconds"
COMMITTED_POSTS = "keyphrases_committed_posts"
DUMP_POSTS = "keyphrases_dump_posts"

OUTCOMES = ("generated", "updated", "unchanged", "dead")
"""As in `indexer.progress.tally.Tally`."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class RunLabels:
    """Which run a figure is of."""

    run: str
    index: str
    """Its location, without secrets."""


class StageMetrics:
    """What the stages do, told where their counts come together."""

    def __init__(self, labels: RunLabels) -> None:
        with _harmless(logging.WARNING):
            self._posts = _metric(Counter, STAGE_POSTS, "Posts that were work", labels, "stage")
            self._seconds = _metric(
                *(Counter, STAGE_SECONDS, "Seconds of work, of all workers", labels, "stage")
            )

    def done(self, stage: str, posts: int, seconds: float) -> None:
        with _harmless():
            _add(self._posts, posts, {"stage": stage})
            _add(self._seconds, seconds, {"stage": stage})


class TallyMetrics:
    """What is committed, told by the driver; a listener of a run, as the one behind it is."""

    def __init__(self, labels: RunLabels, behind: OnProgress | None = None) -> None:
        self._behind = behind
        self._told = Tally()
        with _harmless(logging.WARNING):
            self._posts = _metric(
                *(Counter, COMMITTED_POSTS, "Posts that are settled", labels, "outcome")
            )
            self._total = _metric(Gauge, DUMP_POSTS, "Posts of the dump that have an id", labels)

    def __call__(self, seen: Snapshot) -> None:
        with _harmless():
            if seen.total is not None:
                self._total.set(seen.total)
            for outcome in OUTCOMES:
                new = getattr(seen.tally, outcome) - getattr(self._told, outcome)
                _add(self._posts, new, {"outcome": outcome})
            self._told = seen.tally
        if self._behind is not None:
            self._behind(seen)


def _metric(kind: type[Any], name: str, about: str, labels: RunLabels, *keys: str) -> Any:
    metric = kind(name, description=about, tag_keys=("run", "index", *keys))
    return metric.set_default_tags({"run": labels.run, "index": labels.index})


def _add(counter: Any, more: float, tags: dict[str, str]) -> None:
    # Ray's counters refuse to stay where they are.
    if more > 0:
        counter.inc(more, tags=tags)


@contextmanager
def _harmless(level: int = logging.DEBUG) -> Iterator[None]:
    """Logs what goes wrong: aloud when a metric is made, and not again for each figure."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - whatever it is, the run is worth more
        _log.log(level, "a metric is not told: %s", error)
