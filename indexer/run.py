"""The run: indexes a dump, and picks up where an earlier run stopped.

job = IndexJob(dump="dump", index="embedded:index", store="store", model="tags")
print(index_dump(job).to_json())
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from threading import Event
from typing import Any

from ray.exceptions import RayError

from indexer.cluster.failures import as_job_error
from indexer.cluster.index_actor import RemoteIndex
from indexer.cluster.ray_session import ray_session
from indexer.gate import check_version, pass_gate
from indexer.index.protocol import Index
from indexer.job import SNAPSHOT, IndexJob
from indexer.pipeline.arrivals import Arrivals
from indexer.pipeline.dataset import build_pipeline
from indexer.pipeline.drain import Drain
from indexer.pipeline.ids import hash_all_ids
from indexer.pipeline.model_loader import ModelLoader
from indexer.pipeline.notes import RemoteNotes
from indexer.pipeline.stream import Arrival, Stream
from indexer.preflight.checked import Checked, OnChecked, check_machines
from indexer.preflight.preflight import preflight
from indexer.progress.metrics import RunLabels, TallyMetrics
from indexer.progress.remote_progress import RemoteProgress
from indexer.progress.tally import ErrorBudget, Tally
from indexer.progress.watch import OnProgress, Watch
from indexer.report import OnReport, Recorder
from indexer.run_id import new_run_id
from indexer.snapshot import remove_gone
from indexer.stages.ask import Ask
from indexer.stages.decode import Decode, rows_per_table
from indexer.stages.generate import LoadModel
from indexer.stages.read import Read
from indexer.stages.sieve import Sieve
from indexer.summary import RunSummary
from indexer.writing.dead_letters import DeadLetterFile
from indexer.writing.outcomes import outcomes_of
from indexer.writing.writer import Writer
from posts.duplicates import Duplicates, IdHashes
from posts.errors import JobError, KeyphraseError
from posts.ocr import read_words

_TICK = 0.5
"""Seconds the loop waits for results before it looks at the clock."""


def index_dump(
    job: IndexJob,
    *,
    on_checked: OnChecked | None = None,
    on_progress: OnProgress | None = None,
    on_report: OnReport | None = None,
    load: LoadModel | None = None,
    stop: Event | None = None,
) -> RunSummary:
    """Indexes the job's dump; `load` takes the place of loading the job's model in the actors.
    `on_report` is told of the report of a run that has begun, whether it ends well or not.

    Once `stop` is set no further post is begun, and the run fails when those that were are
    committed. Raises `InputError` if anything is wrong before the index is touched, and
    `JobError` if the run fails later; what was committed until then stays, and the next run goes
    on from there.
    """
    run = new_run_id()
    begun = time.monotonic()
    ready = preflight(job, run)
    with contextlib.ExitStack() as stack:
        # Closed last: giving the lock back needs the open index.
        stack.callback(ready.index.close)
        stack.enter_context(ready.index.lock(run))
        stack.enter_context(ray_session())
        checked = check_machines(job, ready)
        if on_checked is not None:
            on_checked(checked)
        index: Index | RemoteIndex = ready.index
        if not ready.index.shareable:
            index = stack.enter_context(contextlib.closing(RemoteIndex(job.index)))
        tally = Tally()
        recorder = stack.enter_context(Recorder(job, checked, tally, begun, on_report))
        index.begin(ready.build, rebuild=job.rebuild)
        letters = DeadLetterFile(job.dead_letters_folder, run)
        recorder.dead_letters_at(letters.location)
        with as_job_error(tally), contextlib.closing(letters):
            removed = _Run(job, checked, index, letters, tally, recorder).go(
                recorder.watching(on_progress), load, stop or Event()
            )
        return recorder.done(
            RunSummary(
                run=run,
                index=ready.index.location,
                model=str(ready.model),
                read=tally.read,
                indexed=tally.indexed,
                generated=tally.generated,
                updated=tally.updated,
                unchanged=tally.unchanged,
                dead=tally.dead,
                removed=removed,
                seconds=time.monotonic() - begun,
                dead_letters=letters.location,
            )
        )


class _Run:
    """A run under way: the index is locked and begun, and Ray is there."""

    def __init__(
        self,
        job: IndexJob,
        checked: Checked,
        index: Index | RemoteIndex,
        letters: DeadLetterFile,
        tally: Tally,
        recorder: Recorder,
    ) -> None:
        self._job = job
        self._ready = checked.preflight
        self._index = index
        self._reservation = checked.reservation
        self._tally = tally
        self._run = checked.preflight.build.run
        self._budget = ErrorBudget(rate=job.max_error_rate)
        self._recorder = recorder
        self._writer = Writer(
            *(index, tally, letters, self._run, job.write),
            sink=recorder,
            at_once=checked.preflight.index.writes_at_once,
        )

    def go(self, on_progress: OnProgress | None, load: LoadModel | None, stop: Event) -> int | None:
        """To its end; how many posts a snapshot has removed."""
        try:
            return self._go(on_progress, load, stop)
        except Exception:
            # What an embedded index needs to be searched fast takes minutes, and no run may follow
            # for long; but one that is told to stop has no minutes.
            if not (stop.is_set() or self._ready.index.shareable):
                with contextlib.suppress(KeyphraseError, RayError):
                    self._index.refresh()
            raise

    def _go(
        self, on_progress: OnProgress | None, load: LoadModel | None, stop: Event
    ) -> int | None:
        hashes = hash_all_ids(
            self._ready.dump, self._ready.fragments, self._job.stall_after, stop, on_progress
        )
        duplicates = Duplicates.find(hashes)
        with_id = sum(map(len, hashes))
        arrivals = Arrivals(len(self._ready.fragments), with_id)
        labels = RunLabels(run=self._run, index=self._ready.index.location)
        progress, notes = RemoteProgress(labels), RemoteNotes()
        told = TallyMetrics(labels, behind=on_progress)
        watch = Watch(
            *(progress.counts, self._tally, with_id, self._job.stall_after, told),
            awaits_machine=self._reservation.awaited,
        )
        dataset = self._pipeline(duplicates, progress, notes, load or self._loader())
        stream, drain = Stream(dataset), Drain(stop, notes, self._job.drain)
        try:
            self._consume(stream, arrivals, watch, drain)
            progress.settle(self._tally.read)
            watch.look(now=True)
            drain.check()
        except (KeyboardInterrupt, SystemExit) as error:
            self._save()
            raise JobError(f"run {self._run} was interrupted") from error
        except Exception:
            self._save()
            raise
        finally:
            stream.stop()
            notes.close()
            progress.close()
        arrivals.check(self._tally.read)
        self._budget.check(self._tally.dead, arrivals.total)
        removed = self._remove_gone(hashes, arrivals)
        self._index.finish()
        if self._job.rebuild:
            committed = self._tally.indexed + self._tally.unchanged
            checks = check_version(self._index, committed, self._job.gate)
            self._recorder.checked(checks)
            pass_gate(checks)
            self._index.promote()
        self._index.refresh()
        return removed

    def _remove_gone(self, hashes: Sequence[IdHashes], arrivals: Arrivals) -> int | None:
        if arrivals.has_broken_file and (self._job.rebuild or self._job.mode == SNAPSHOT):
            raise JobError(
                "a file of the dump cannot be read to its end, so posts would be missed that it "
                "may have had; mend or remove it (the dead letters name it), then run again"
            )
        if self._job.rebuild:
            # What another night's rebuild has left may have gone since; no one misses it.
            return remove_gone(self._index, hashes, rate=1.0)
        if self._job.mode == SNAPSHOT:
            return remove_gone(self._index, hashes, self._job.max_gone_rate)
        return None

    def _consume(self, stream: Stream, arrivals: Arrivals, watch: Watch, drain: Drain) -> None:
        arrival: Arrival | None = None
        while not stream.ended and not drain.is_over(arrived=arrival is not None):
            arrival = stream.next(_TICK)
            if arrival is not None:
                arrivals.add(*arrival)
                _, table = arrival
                self._writer.add(outcomes_of(table, self._run))
            self._writer.flush_if_due()
            self._budget.check(self._tally.dead, arrivals.total)
            watch.look()
        self._writer.flush()

    def _save(self) -> None:
        """Commits what has come so far; the fault that ended the run is the one to report."""
        with contextlib.suppress(KeyphraseError, RayError):
            self._writer.flush()

    def _pipeline(
        self,
        duplicates: Duplicates,
        progress: RemoteProgress,
        notes: RemoteNotes,
        load: LoadModel,
    ) -> Any:
        job, ready = self._job, self._ready
        keep_text = job.keep_text_of_broken_pictures
        rows = rows_per_table(job.model_rows, ready.picture_size)
        return build_pipeline(
            len(ready.fragments),
            Read(ready.dump, ready.fragments, duplicates, job.read_rows),
            Ask(
                *(ready.dump, self._index, ready.hasher),
                keep_text=keep_text,
                retried=ready.retried,
            ),
            Sieve(notes, rows),
            Decode(
                *(ready.dump, ready.hasher, ready.picture_size),
                keep_text=keep_text,
                read_words=read_words if job.ocr else None,
            ),
            load,
            self._reservation,
            progress,
            notes,
            picture_gate=job.picture_gate,
        )

    def _loader(self) -> ModelLoader:
        return ModelLoader(
            store=self._ready.store,
            model=str(self._ready.model),
            threads=max(1, int(self._reservation.cpus)),
            device="cuda" if self._reservation.gpus else "cpu",
            min_score=self._job.min_score,
        )
