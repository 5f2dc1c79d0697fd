"""The record of a run: everything that its report tells, whether it ended well or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from indexer.gate import Check

FORMAT = 1
"""Of the JSON. Raise it when a field comes, goes or changes its meaning."""


class Outcome(StrEnum):
    """How a run ended."""

    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """Posts by what became of them, by committed writes, as in `indexer.summary.RunSummary`."""

    read: int
    indexed: int
    generated: int
    updated: int
    unchanged: int
    dead: int
    removed: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """How far the run was at a moment."""

    seconds: float
    """Since the run began."""
    read: int
    """Posts that the first stage has done; posts of a task that Ray did again count again."""
    finished: int
    """Posts that the last stage has done, likewise."""
    committed: int
    """Posts whose writes are committed, whatever became of them."""
    generated: int
    """Of those, the ones that the model was asked for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StageUse:
    """What a stage did with the processes that were there for it."""

    stage: str
    posts: int
    """Those of a task that Ray did again count again."""
    seconds: float
    """Time spent working, summed over all processes."""
    processes: float
    """That were busy at a time, on average over the pipeline's time."""
    share: float
    """0 to 1: of the CPU time that was there for the stage, how much its busy processes held.

    The model actors have theirs to themselves, so theirs is the share of their time in which they
    worked. Reading, asking and decoding share what the actors leave, each process holding the
    CPUs that it reserves."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scores:
    """Scores of the keyphrases that this run generated."""

    bins: tuple[int, ...]
    """Keyphrases whose scores lie in each of so many equal parts of 0 to 1."""
    without_keyphrases: int
    """Generated posts that got none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PhraseCount:
    """In how many of the posts that this run generated a keyphrase stands."""

    phrase: str
    posts: int
    """At least."""
    uncounted: int
    """At most so many more (see `indexer.report.phrase_counter`); 0: the count is exact."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Phrases:
    """The most frequent keyphrases, most frequent first."""

    listed: tuple[PhraseCount, ...]
    unlisted_at_most: int
    """No keyphrase that is not listed stands in more posts; 0: all are listed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LetterExample:
    """A dead letter, shortened."""

    key: str
    source: str
    detail: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ReasonCount:
    """The dead letters of one reason."""

    reason: str
    posts: int
    transient: int
    """Those that the next run tries again."""
    examples: tuple[LetterExample, ...]
    """The first few."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """This run beside an earlier one of the same index."""

    run: str
    ended: datetime
    model: str
    same_model: bool
    generated: int
    listed: int
    """Keyphrases that its report lists."""
    unlisted_at_most: int
    """A keyphrase in so few of its posts may be missing from that list, and look new."""
    frequent: int
    """How many of this run's most frequent keyphrases were looked for in that list."""
    new: tuple[PhraseCount, ...]
    """Those that are not there, nor one with the same stems."""
    posts: Mapping[str, int]
    """In how many of its posts each stood, for those of the frequent ones that it lists."""
    score_bins: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class RunReport:
    """A run. Texts that came from posts are shortened, and hostile for all anyone knows."""

    format: int = FORMAT
    run: str
    index: str
    """Where it is, however the user wrote it."""
    dump: str
    model: str
    """`NAME@VERSION`."""
    model_digest: str
    generation: Mapping[str, Any]
    """Settings of the model."""
    settings: Mapping[str, Any]
    """Settings of the job; no secret is among them, for a job holds none."""
    started: datetime
    ended: datetime
    seconds: float
    outcome: Outcome
    error: str | None
    """One sentence; None if the run is done."""
    gate: tuple[Check, ...]
    """What was looked at before a new version went live, or did not; empty without a rebuild."""
    posts_with_id: int | None
    """Of the dump; None if the run ended before all ids were read."""
    counts: Counts
    pipeline_seconds: float
    """How long posts were worked on; 0: none were."""
    samples: tuple[Sample, ...]
    stages: tuple[StageUse, ...]
    scores: Scores
    phrases: Phrases
    dead_letters: str | None
    """Where the file with all of them lies."""
    reasons: tuple[ReasonCount, ...]
    """Most dead letters first."""
    comparison: Comparison | None
    """With the last run of this index that generated anything; None: no report of one was found."""

    @property
    def posts_per_second(self) -> float:
        return self.counts.read / self.seconds if self.seconds > 0 else 0.0
