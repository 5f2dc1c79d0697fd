"""The recorder: watches a run from its beginning to its end, and then writes its report."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from indexer.cluster.failures import one_line
from indexer.cluster.reservation import READ_CPUS, Reservation
from indexer.gate import Check
from indexer.index.records import DeadLetter, Document
from indexer.job import IndexJob
from indexer.pipeline.drain import StopError
from indexer.preflight.checked import Checked
from indexer.progress.stage_counts import STAGES, StageCounts
from indexer.progress.tally import Tally
from indexer.progress.watch import OnProgress, Snapshot
from indexer.report.files import OnReport, write_report
from indexer.report.letter_counter import LetterCounter
from indexer.report.phrase_counter import PhraseCounter
from indexer.report.record import Counts, Outcome, RunReport, Sample, StageUse
from indexer.report.samples import Samples
from indexer.report.score_counter import ScoreCounter
from indexer.summary import RunSummary
from posts.errors import InputError, KeyphraseError
from posts.files import open_files

_LISTED = 1_000
"""Keyphrases in a report."""
_TOLD_ELSEWHERE = ("dump", "index", "model", "dead_letters", "report")
_EMBEDDED = "embedded:"


class Recorder:
    """A context around a run that has begun: at its end, good or bad, the report is written.

    Takes about 30 MB, however many posts there are. Where the job wants no report it does nothing.
    """

    def __init__(
        self,
        job: IndexJob,
        checked: Checked,
        tally: Tally,
        begun: float,
        on_report: OnReport | None = None,
    ) -> None:
        """`begun`: when the run did, by `time.monotonic`."""
        self._job = job
        self._ready = checked.preflight
        self._reservation = checked.reservation
        self._cpus = sum(node.cpus for node in checked.nodes)
        self._tally = tally
        self._begun = begun
        self._on_report = on_report
        self._started = datetime.now(UTC) - timedelta(seconds=time.monotonic() - begun)
        folder = job.report_folder
        self._files = None if folder is None else open_files(folder)
        self._samples = Samples()
        self._phrases = PhraseCounter()
        self._scores = ScoreCounter()
        self._letters = LetterCounter()
        self._stages = StageCounts()
        self._pipeline_seconds = 0.0
        self._posts_with_id: int | None = None
        self._gate: Sequence[Check] = ()
        self._dead_letters: str | None = None
        self._summary: RunSummary | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # An InputError that comes this far means that nothing was begun.
        if self._files is None or isinstance(error, InputError):
            return
        written = write_report(self._files, self.record(error))
        if self._on_report is not None:
            self._on_report(written)

    def watching(self, on_progress: OnProgress | None) -> OnProgress:
        """Takes samples of what it is shown, before it is handed on."""

        def look(seen: Snapshot) -> None:
            self._see(seen)
            if on_progress is not None:
                on_progress(seen)

        return look

    def committed(self, documents: Sequence[Document], letters: Sequence[DeadLetter]) -> None:
        """See `indexer.writing.writer.Sink`."""
        if self._files is None:
            return
        for document in documents:
            self._phrases.add(one.phrase for one in document.keyphrases)
            self._scores.add(one.score for one in document.keyphrases)
        for letter in letters:
            self._letters.add(letter)

    def checked(self, gate: Sequence[Check]) -> None:
        """What the gate has looked at."""
        self._gate = gate

    def dead_letters_at(self, location: str | None) -> None:
        """Where the file of the dead letters will lie."""
        self._dead_letters = location

    def done(self, summary: RunSummary) -> RunSummary:
        """Notes that the run has ended well, with what it did, and gives that back."""
        self._summary = summary
        return summary

    def record(self, error: BaseException | None) -> RunReport:
        """The report as it stands, compared with nothing; `error` is what ended the run."""
        seconds = time.monotonic() - self._begun if self._summary is None else self._summary.seconds
        return RunReport(
            run=self._ready.build.run,
            index=_place(self._ready.index.location),
            dump=self._job.dump,
            model=self._ready.build.model,
            model_digest=self._ready.build.model_digest,
            generation=dict(self._ready.build.settings),
            settings=_settings(self._job, self._reservation),
            started=self._started,
            ended=self._started + timedelta(seconds=seconds),
            seconds=seconds,
            outcome=_outcome(error),
            error=None if error is None else _sentence(error),
            gate=tuple(self._gate),
            posts_with_id=self._posts_with_id,
            counts=self._counts(),
            pipeline_seconds=self._pipeline_seconds,
            samples=self._samples.all(),
            stages=self._stage_uses(),
            scores=self._scores.counted(),
            phrases=self._phrases.most_frequent(_LISTED),
            dead_letters=self._dead_letters,
            reasons=self._letters.counted(),
            comparison=None,
        )

    def _see(self, seen: Snapshot) -> None:
        if seen.total is None:
            # The ids are still being read, and no post is worked on.
            return
        now = time.monotonic() - self._begun
        if self._posts_with_id is None:
            began = max(0.0, now - seen.seconds)
            self._samples.add(Sample(seconds=began, read=0, finished=0, committed=0, generated=0))
        self._posts_with_id = seen.total
        self._stages = seen.stages
        self._pipeline_seconds = seen.seconds
        posts = seen.stages.posts
        self._samples.add(
            Sample(
                seconds=now,
                read=posts[STAGES[0]],
                finished=posts[STAGES[-1]],
                committed=seen.tally.read,
                generated=seen.tally.generated,
            )
        )

    def _counts(self) -> Counts:
        tally = self._tally
        return Counts(
            read=tally.read,
            indexed=tally.indexed,
            generated=tally.generated,
            updated=tally.updated,
            unchanged=tally.unchanged,
            dead=tally.dead,
            removed=None if self._summary is None else self._summary.removed,
        )

    def _stage_uses(self) -> tuple[StageUse, ...]:
        """None if no post was worked on."""
        had = self._pipeline_seconds
        if had <= 0:
            return ()
        held = self._reservation
        actors = held.actors * held.cpus
        tasks = {"read": READ_CPUS, "ask": READ_CPUS, "decode": held.decode_cpus}
        uses = []
        for stage in STAGES:
            processes = self._stages.seconds[stage] / had
            if stage in tasks:
                share = processes * tasks[stage] / max(self._cpus - actors, READ_CPUS)
            else:
                share = processes / held.actors
            uses.append(
                StageUse(
                    stage=stage,
                    posts=self._stages.posts[stage],
                    seconds=self._stages.seconds[stage],
                    processes=processes,
                    share=share,
                )
            )
        return tuple(uses)


def _place(location: str) -> str:
    """An index's location, the same however it is written."""
    if location.startswith(_EMBEDDED):
        path = Path(location.removeprefix(_EMBEDDED)).expanduser().resolve()
        return f"{_EMBEDDED}{path}"
    return location.rstrip("/")


def _settings(job: IndexJob, reservation: Reservation) -> dict[str, Any]:
    settings = {name: value for name, value in asdict(job).items() if name not in _TOLD_ELSEWHERE}
    taken = {"actors": reservation.actors, "gpus_per_actor": reservation.gpus}
    return settings | taken


def _outcome(error: BaseException | None) -> Outcome:
    cause = error
    while cause is not None:
        if isinstance(cause, KeyboardInterrupt | SystemExit | StopError):
            return Outcome.INTERRUPTED
        cause = cause.__cause__
    return Outcome.DONE if error is None else Outcome.FAILED


def _sentence(error: BaseException) -> str:
    if isinstance(error, KeyphraseError):
        return str(error)
    if isinstance(error, KeyboardInterrupt | SystemExit):
        return "the run was interrupted"
    return one_line(error)
