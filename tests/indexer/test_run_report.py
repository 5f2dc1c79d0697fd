"""Reports of whole runs through Ray."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from indexer.job import IndexJob
from indexer.report import RunReport, Written, report_from_json
from indexer.report.record import Outcome
from indexer.run import index_dump
from indexer.summary import RunSummary
from posts.errors import JobError
from tests.indexer.dumps import BAD_LINES, BAD_REASONS, good_rows, write_dump
from tests.indexer.stand_in import LastWord, Silent, refuse_to_load

pytestmark = [pytest.mark.timeout(300), pytest.mark.usefixtures("ray_session")]

HOSTILE = "<script>alert(document.title)</script>"


class Runs:
    """Runs over a dump, and the report of the last."""

    def __init__(self, folder: Path, store: str) -> None:
        self.dump = folder / "dump"
        self.told: list[Written] = []
        self.job = IndexJob(
            dump=str(self.dump),
            index=f"embedded:{folder / 'index'}",
            store=store,
            model="tiny@1",
            actors=1,
            model_rows=16,
        )

    def run(self, load: Any = LastWord, **changes: Any) -> RunSummary:
        return index_dump(replace(self.job, **changes), load=load, on_report=self.told.append)

    @property
    def page(self) -> str:
        return Path(self.told[-1].page).read_text()

    @property
    def report(self) -> RunReport:
        return report_from_json(Path(self.told[-1].page).with_suffix(".json").read_bytes())


@pytest.fixture
def runs(tmp_path: Path, store: str) -> Runs:
    return Runs(tmp_path, store)


def assert_agrees(report: RunReport, summary: RunSummary) -> None:
    for name in ("read", "indexed", "generated", "updated", "unchanged", "dead", "removed"):
        assert getattr(report.counts, name) == getattr(summary, name), name
    for name in ("run", "model", "seconds", "posts_per_second", "dead_letters"):
        assert getattr(report, name) == getattr(summary, name), name
    assert report.outcome == Outcome.DONE
    assert sum(one.posts for one in report.reasons) == summary.dead


def test_a_night_after_a_night_is_reported_with_what_is_new(runs: Runs) -> None:
    rows = good_rows(40)
    hostile = json.dumps({"id": HOSTILE, "text": "x", "image_uri": "http://example.com/a.jpg"})
    write_dump(runs.dump, rows, lines=[*BAD_LINES, hostile])
    first = runs.run()
    report = runs.report
    assert_agrees(report, first)
    assert (report.counts.generated, report.counts.dead) == (40, len(BAD_REASONS) + 1)
    # Each post has its number as a keyphrase, with a score of 0.9; every second one has the
    # size of its picture too, with 0.5.
    assert report.phrases.listed[0].posts == 20
    assert len(report.phrases.listed) == 41
    assert (report.scores.bins[10], report.scores.bins[18]) == (20, 40)
    assert report.samples[-1].finished == report.samples[-1].committed == first.read
    assert [one.posts for one in report.stages] == [first.read] * 4
    assert all(0 < one.share <= 1 for one in report.stages)
    refused = next(one for one in report.reasons if one.reason == "picture refused")
    assert {example.key for example in refused.examples} == {"refused", HOSTILE}
    assert report.comparison is None
    assert HOSTILE not in runs.page
    assert "&lt;script&gt;alert(document.title)" in runs.page

    # Nothing is new, and such a run is not one to compare with.
    second = runs.run(load=refuse_to_load)
    assert_agrees(runs.report, second)
    assert runs.report.comparison is not None
    assert runs.report.comparison.new == ()

    new = [{**row, "id": f"new-{n}", "text": "all about snowmen"} for n, row in enumerate(rows[:6])]
    evil = {**rows[0], "id": "evil", "text": f"all about {HOSTILE.replace(' ', '')}"}
    write_dump(runs.dump, [*rows, *new, evil], lines=())
    third = runs.run()
    assert_agrees(runs.report, third)
    compared = runs.report.comparison
    assert compared is not None
    assert (compared.run, compared.generated, compared.unlisted_at_most) == (first.run, 40, 0)
    assert {one.phrase: one.posts for one in compared.new} == {"snowmen": 6, HOSTILE: 1}
    section = runs.page[runs.page.index("New keyphrases") :]
    assert "<bdi>snowmen</bdi> <small>6</small>" in section
    assert f"run <code>{first.run}</code>" in section
    assert "<script" not in runs.page


def test_a_failed_run_is_reported_with_what_it_did_before(runs: Runs) -> None:
    write_dump(runs.dump, good_rows(20))
    with pytest.raises(JobError) as failed:
        runs.run(max_error_rate=0.1)
    report = runs.report
    assert (report.outcome, report.error) == (Outcome.FAILED, str(failed.value))
    assert "--max-error-rate 0.1" in runs.page
    counts = report.counts
    assert counts.dead == sum(one.posts for one in report.reasons) > 0
    assert counts.read == counts.generated + counts.dead
    assert report.dead_letters is not None
    assert Path(report.dead_letters).exists()


def test_what_the_gate_refused_is_reported_with_its_checks(runs: Runs) -> None:
    write_dump(runs.dump, good_rows(20), lines=())
    runs.run()
    assert runs.report.gate == ()
    with pytest.raises(JobError, match="not promoted"):
        runs.run(load=Silent, model="tiny@2", rebuild=True)
    report = runs.report
    assert report.outcome == Outcome.FAILED
    assert {check.name: check.passed for check in report.gate} == {
        "documents": True,
        "size": True,
        "keyphrases": False,
        "queries": True,
    }
    assert "100.0% of the documents have no keyphrases" in runs.page
    assert report.scores.without_keyphrases == 20


def test_an_interrupted_run_is_reported(runs: Runs) -> None:
    write_dump(runs.dump, good_rows(20), lines=())

    def interrupt(seen: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises((JobError, KeyboardInterrupt)):
        index_dump(runs.job, load=LastWord, on_progress=interrupt, on_report=runs.told.append)
    assert runs.report.outcome == Outcome.INTERRUPTED


def test_a_good_run_stays_good_when_its_report_cannot_be_written(
    runs: Runs, tmp_path: Path
) -> None:
    write_dump(runs.dump, good_rows(4), lines=())
    place = tmp_path / "reports"

    def spoil(seen: Any) -> None:
        if not place.exists():
            place.write_text("a file where the folder is to be")

    job = replace(runs.job, report=str(place))
    summary = index_dump(job, load=LastWord, on_progress=spoil, on_report=runs.told.append)
    assert summary.generated == 4
    assert runs.told[0].failure is not None
    assert str(place) in runs.told[0].failure
