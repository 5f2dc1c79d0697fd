"""A report is two files; one that cannot be written is told and ends nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from indexer.report.files import write_report
from indexer.report.stored import report_from_json
from posts.errors import InputError
from posts.files import open_files
from posts.files.local import LocalFiles
from tests.indexer.report.reports import a_report, phrases
from tests.servers.s3 import S3Server


def test_both_files_are_written_and_compared_with_the_last_run(tmp_path: Path) -> None:
    files = open_files(str(tmp_path / "reports"))
    write_report(files, a_report("20261120T020003Z-4dd545", phrases=phrases(("jazz", 4))))
    report = a_report()
    written = write_report(files, report)
    assert (written.page, written.failure) == (f"{files.root}/{report.run}.html", None)
    stored = report_from_json(files.read(f"{report.run}.json"))
    assert stored.comparison is not None
    assert [one.phrase for one in stored.comparison.new] == ["red boat"]
    page = Path(written.page).read_text()
    assert "red boat" in page
    assert f'href="{report.run}.json"' in page


def test_reports_lie_on_s3_as_well(s3: S3Server) -> None:
    bucket = s3.bucket()
    files = open_files(f"s3://{bucket}/night/reports")
    written = write_report(files, a_report())
    assert written.failure is None
    names = sorted(info.name for info in files.list())
    assert names == [f"{a_report().run}.{ending}" for ending in ("html", "json")]


class Full(LocalFiles):
    """A disk without room."""

    def write(self, name: str, data: bytes) -> None:
        raise InputError("cannot use the disk: no space left")


class Unlisted(LocalFiles):
    """A place that one may write to but not list."""

    def list(self, below: str = "") -> None:  # type: ignore[override]
        raise InputError("access denied")


def test_a_report_that_cannot_be_written_raises_nothing_and_says_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    written = write_report(Full(tmp_path), a_report())
    assert written.failure == "cannot use the disk: no space left"
    assert any("could not be written" in line for line in caplog.messages)


def test_where_one_may_not_list_the_report_is_written_and_compared_with_nothing(
    tmp_path: Path,
) -> None:
    assert write_report(Unlisted(tmp_path), a_report()).failure is None
    assert len(list(tmp_path.iterdir())) == 2


def test_a_run_loads_nothing_that_draws_before_its_end() -> None:
    program = "import sys, indexer.run; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], timeout=120).returncode == 0
