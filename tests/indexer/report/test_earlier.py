"""A run is compared with the last one of its index that made keyphrases."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from indexer.report.earlier import FREQUENT, compare, find_earlier
from indexer.report.record import Outcome, RunReport
from indexer.report.stored import report_to_json
from posts.files import Files, open_files
from tests.indexer.report.reports import a_report, counts, phrases

INDEX = a_report().index
RUN = "20261121T020003Z-4dd545"


def run_of(day: int) -> str:
    return f"202611{day:02}T020003Z-4dd545"


def folder_with(tmp_path: Path, *reports: RunReport) -> Files:
    files = open_files(str(tmp_path))
    for report in reports:
        files.write(f"{report.run}.json", report_to_json(report))
    return files


def test_the_youngest_earlier_report_of_the_index_is_found(tmp_path: Path) -> None:
    files = folder_with(
        tmp_path,
        a_report(run_of(10)),
        a_report(run_of(11)),
        a_report(run_of(12), outcome=Outcome.FAILED, error="x"),
        a_report(run_of(13), index="embedded:/other"),
        a_report(run_of(14), counts=counts(generated=0, indexed=10, unchanged=85)),
        a_report(RUN),
        a_report(run_of(22)),
    )
    found = find_earlier(files, INDEX, RUN)
    assert found is not None
    assert found.run == run_of(11)
    assert find_earlier(files, "embedded:/nowhere", RUN) is None


def test_what_is_no_report_of_ours_is_passed_over_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    files = folder_with(tmp_path, a_report(run_of(10)))
    files.write(f"{run_of(12)}.json", b'{"format": 99}')
    files.write("notes.json", b"mine")
    files.write(f"old/{run_of(13)}.json", report_to_json(a_report(run_of(13))))
    with caplog.at_level(logging.WARNING):
        found = find_earlier(files, INDEX, RUN)
    assert found is not None
    assert found.run == run_of(10)
    assert [run_of(12) in line for line in caplog.messages] == [True]


def test_new_keyphrases_are_frequent_ones_that_the_earlier_report_does_not_list() -> None:
    earlier = a_report(run_of(20), phrases=phrases(("red boat", 9), ("cats", 5), ("sun", 1)))
    found = compare("other", phrases(("snow storm", 8), ("red boat", 6), ("cat", 4)), earlier)
    assert [one.phrase for one in found.new] == ["snow storm"]
    assert found.posts == {"red boat": 9}
    assert (found.listed, found.frequent, found.unlisted_at_most) == (3, 3, 0)
    assert not found.same_model
    assert compare(earlier.model_digest, phrases(), earlier).same_model


def test_rare_keyphrases_are_not_called_new() -> None:
    many = phrases(*((f"phrase {number}", 9) for number in range(FREQUENT)), ("rare", 1))
    found = compare("d", many, a_report(run_of(20), phrases=phrases(("sun", 1))))
    assert len(found.new) == FREQUENT
    assert "rare" not in {one.phrase for one in found.new}
