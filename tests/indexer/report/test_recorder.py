"""The recorder gathers what a run did, and writes its report however the run ends."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from indexer.cluster.reservation import Node, Reservation
from indexer.job import IndexJob
from indexer.pipeline.drain import StopError
from indexer.preflight.checked import Checked
from indexer.preflight.preflight import preflight
from indexer.progress.stage_counts import StageCounts
from indexer.progress.tally import Tally
from indexer.progress.watch import Snapshot
from indexer.report import Recorder, Written, report_from_json
from indexer.report.record import Outcome
from indexer.run_id import new_run_id
from posts.errors import InputError, JobError
from tests.indexer.dumps import good_rows, write_dump

RESERVATION = Reservation(actors=2, cpus=1.0, gpus=0.0, decode_cpus=0.5)
NODES = (Node(cpus=3.0), Node(cpus=1.0))


class Run:
    """A run that nothing runs, and the report of it."""

    def __init__(self, job: IndexJob) -> None:
        self.id = new_run_id()
        self.tally = Tally()
        self.told: list[Written] = []
        self.job = job
        checked = Checked(
            preflight=preflight(job, self.id),
            reservation=RESERVATION,
            nodes=NODES,
            actor_bytes=None,
            documents=0,
            dead_letters=None,
            report=None,
            warnings=(),
        )
        begun = time.monotonic() - 30
        self.recorder = Recorder(job, checked, self.tally, begun, self.told.append)

    @property
    def report(self):
        folder = Path(str(self.job.report_folder))
        return report_from_json((folder / f"{self.id}.json").read_bytes())

    def shown(self, **changes) -> Snapshot:
        stages = StageCounts(
            posts={"read": 100, "ask": 100, "decode": 90, "generate": 80},
            seconds={"read": 10.0, "ask": 5.0, "decode": 20.0, "generate": 30.0},
        )
        values = {"seconds": 20.0, "total": 120, "stages": stages, "tally": replace(self.tally)}
        return Snapshot(**(values | changes))


@pytest.fixture
def job(tmp_path: Path, store: str) -> IndexJob:
    dump = write_dump(tmp_path / "dump", good_rows(2), lines=())
    index = f"embedded:{tmp_path / 'index'}"
    return IndexJob(dump=str(dump), index=index, store=store, model="tiny@1")


def test_shares_are_of_the_time_that_was_there_for_a_stage(job: IndexJob) -> None:
    run = Run(job)
    seen: list[Snapshot] = []
    look = run.recorder.watching(seen.append)
    look(run.shown(total=None, seconds=9.0))
    assert run.recorder.record(None).stages == ()
    look(run.shown())
    assert len(seen) == 2
    report = run.recorder.record(None)
    # Two actors for 20 seconds; and two CPUs beside them, of which reading takes a quarter each.
    assert {one.stage: one.share for one in report.stages} == pytest.approx(
        {
            "read": 10 * 0.25 / 40,
            "ask": 5 * 0.25 / 40,
            "decode": 20 * 0.5 / 40,
            "generate": 30 / 40,
        }
    )
    assert {one.stage: one.processes for one in report.stages} == pytest.approx(
        {"read": 0.5, "ask": 0.25, "decode": 1.0, "generate": 1.5}
    )
    assert (report.posts_with_id, report.pipeline_seconds) == (120, 20.0)
    began, now = report.samples
    assert (now.read, now.finished) == (100, 80)
    assert now.seconds - began.seconds == pytest.approx(20)
    assert (began.read, began.finished) == (0, 0)


def test_a_run_that_began_without_a_machine_for_its_model_has_a_report(job: IndexJob) -> None:
    run = Run(job)
    run.recorder._cpus = run.recorder._reservation.actors * run.recorder._reservation.cpus
    run.recorder.watching(None)(run.shown())
    assert all(one.share > 0 for one in run.recorder.record(None).stages)


def test_a_failure_is_told_with_its_sentence_and_what_was_committed(job: IndexJob) -> None:
    run = Run(job)
    run.tally.dead = 3
    with pytest.raises(JobError), run.recorder:
        raise JobError("a node is gone; run again")
    assert (run.report.outcome, run.report.error) == (Outcome.FAILED, "a node is gone; run again")
    assert (run.report.counts.read, run.report.counts.dead) == (3, 3)
    assert run.told == [Written(page=f"{job.report_folder}/{run.id}.html")]


@pytest.mark.parametrize("what", [KeyboardInterrupt, SystemExit, StopError])
def test_an_interruption_is_told_from_a_failure(job: IndexJob, what: type[BaseException]) -> None:
    run = Run(job)
    with pytest.raises(what), run.recorder:
        raise what
    assert run.report.outcome == Outcome.INTERRUPTED
    assert run.report.error is not None
    wrapped = Run(job)
    with pytest.raises(JobError), wrapped.recorder:
        raise JobError("run r was interrupted") from what()
    assert wrapped.report.outcome == Outcome.INTERRUPTED


def test_where_nothing_was_begun_there_is_no_report(job: IndexJob) -> None:
    run = Run(job)
    with pytest.raises(InputError), run.recorder:
        raise InputError("another model")
    assert run.told == []
    assert not Path(str(job.report_folder)).exists()


def test_an_index_has_one_name_however_it_is_written(
    job: IndexJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shorter = replace(job, index="embedded:./dump/../index/")
    assert Run(shorter).recorder.record(None).index == Run(job).recorder.record(None).index


def test_settings_are_those_of_the_job_and_of_the_model_and_no_secrets(
    job: IndexJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ELASTICSEARCH_API_KEY", "sesame")
    report = Run(replace(job, max_error_rate=0.1)).recorder.record(None)
    assert report.settings["max_error_rate"] == 0.1
    assert report.settings["actors"] == RESERVATION.actors
    assert report.settings["write"]["seconds"] == job.write.seconds
    assert report.generation["beams"] == 2
    assert b"sesame" not in orjson.dumps(report)


def test_no_report_is_made_where_none_is_asked_for(job: IndexJob) -> None:
    assert replace(job, index="http://localhost:9200/posts").report_folder is None
    assert replace(job, index="http://localhost:9200/posts", report="r").report_folder == "r"
    assert str(job.report_folder).endswith("/index-reports")
