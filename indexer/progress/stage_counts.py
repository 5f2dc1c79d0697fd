"""Stage counts: how many posts each stage of a run has done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

STAGES = ("read", "ask", "decode", "generate")
"""In order. Counts are for people and for the watchdog: a task that Ray does again counts again.
The counts of a run come from what was committed (see `indexer.progress.tally`)."""


@dataclass(kw_only=True)
class StageCounts:
    """What the stages have done so far."""

    posts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STAGES, 0))
    """Those that have passed."""
    worked: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STAGES, 0))
    """Those of them that were work: pictures that were decoded, posts that got keyphrases."""
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STAGES, 0.0))
    """Time spent working, summed over all workers."""


def stuck_stage(posts: Mapping[str, int]) -> str:
    """The first stage that has posts before it and does not get on with them."""
    for before, stage in pairwise(STAGES):
        if posts[stage] < posts[before]:
            return stage
    return STAGES[0]
