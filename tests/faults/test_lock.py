"""Two runs are started at once on one index."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.accounting import assert_accounted_for
from tests.faults.runs import Start
from tests.faults.some_posts import some_posts

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]


def test_of_two_runs_at_once_one_does_all_and_the_other_names_it(
    location: str, store: str, start_run: Start, tmp_path: Path
) -> None:
    posts = some_posts(tmp_path / "dump", 100)
    command = ("index", posts.folder, "--index", location, "--store", store, "--model", "tiny@1")
    runs = [start_run(*command) for _ in range(2)]
    said = {run.pid: run.communicate() for run in runs}
    done, refused = sorted(runs, key=lambda run: run.returncode)

    assert (done.returncode, refused.returncode) == (0, 2)
    summary = assert_accounted_for(posts, location, said[done.pid][0])
    assert summary["generated"] == len(posts.texts)
    output, errors = said[refused.pid]
    assert (output, errors.count("\n")) == ("", 1)
    assert f"run {summary['run']} is writing to the index" in errors
