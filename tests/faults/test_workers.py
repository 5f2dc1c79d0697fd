"""Model processes and machines that die during a run, and a run that is asked to stop."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from indexer.job import IndexJob
from indexer.progress.watch import Snapshot
from indexer.run import index_dump
from indexer.writing.writer import WriteSettings
from tests.faults.accounting import assert_accounted_for, read_contents
from tests.faults.runs import Start, committed
from tests.faults.some_posts import SomePosts, some_posts
from tests.indexer.dumps import BAD_LINES, BAD_REASONS, good_rows, write_dump
from tests.indexer.stand_in import LastWord, Mortal, Slow
from tests.keyphrases.conftest import run_keyphrases
from tests.keyphrases.processes import wait_until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]

GOOD = 100


def a_job(posts: SomePosts, index: str, store: str) -> IndexJob:
    return IndexJob(
        dump=str(posts.folder),
        index=index,
        store=store,
        model="tiny@1",
        actors=1,
        model_rows=16,
        write=WriteSettings(posts=16),
    )


@pytest.fixture
def index(tmp_path: Path) -> str:
    return f"embedded:{tmp_path / 'index'}"


@pytest.mark.usefixtures("ray_session")
def test_another_process_takes_over_from_one_that_is_killed(
    tmp_path: Path, store: str, index: str
) -> None:
    posts = some_posts(tmp_path / "dump", GOOD)
    pids = tmp_path / "pids"
    pids.mkdir()
    killed: set[str] = set()

    def kill_once(seen: Snapshot) -> None:
        if seen.tally.indexed and not killed:
            (process,) = pids.iterdir()
            os.kill(int(process.name), signal.SIGKILL)
            killed.add(process.name)

    load = partial(Slow, pids)
    summary = index_dump(a_job(posts, index, store), on_progress=kill_once, load=load)
    assert len(list(pids.iterdir())) == 2, "no process took the place of the dead one"
    assert_accounted_for(posts, index, summary)


@pytest.mark.usefixtures("ray_session")
def test_a_post_that_kills_its_process_costs_no_other_its_keyphrases(
    tmp_path: Path, store: str, index: str
) -> None:
    rows = good_rows(GOOD)
    rows[21]["text"] = "lethal"
    write_dump(tmp_path / "dump", rows, BAD_LINES)
    posts = SomePosts(
        folder=tmp_path / "dump",
        texts={row["id"]: row["text"] for row in rows if row["text"] != "lethal"},
        reasons={**BAD_REASONS, "post-21": "model crashed"},
    )
    job = a_job(posts, index, store)
    summary = index_dump(job, load=Mortal)
    assert_accounted_for(posts, index, summary)

    # With a model that survives it, on demand.
    texts = {row["id"]: row["text"] for row in rows}
    mended = SomePosts(folder=posts.folder, texts=texts, reasons=BAD_REASONS)
    job = replace(job, retry_dead=summary.dead_letters)
    again = assert_accounted_for(mended, index, index_dump(job, load=LastWord))
    assert (again["generated"], again["unchanged"]) == (1, GOOD - 1)


def test_a_machine_that_leaves_the_cluster_takes_no_post_with_it(
    tmp_path: Path, store: str, index: str
) -> None:
    posts = some_posts(tmp_path / "dump", 2 * GOOD)
    run = subprocess.run(
        [sys.executable, "-m", "tests.faults.cluster_run", str(posts.folder), index, store],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert_accounted_for(posts, index, run.stdout)


def test_a_run_that_is_asked_to_stop_loses_nothing_that_it_was_at(
    tmp_path: Path, store: str, index: str, start_run: Start
) -> None:
    posts = some_posts(tmp_path / "dump", 600, padding=50_000)
    command = ("index", posts.folder, "--index", index, "--store", store, "--model", "tiny@1")
    run = start_run(*command)
    wait_until(lambda: committed(index) > 0, run)
    before = committed(index)
    run.terminate()
    output, errors = run.communicate(timeout=200)
    assert (run.returncode, output) == (1, "")
    told: Any = errors.splitlines()[-1]
    assert "the run was asked to stop; " in told
    documents = len(read_contents(index).documents)
    assert before < documents < 600, "nothing was saved, or the run had come to its end"
    assert f"{documents:,} of them indexed before that" in told

    done = run_keyphrases(*command)
    assert done.returncode == 0, done.stderr
    summary = assert_accounted_for(posts, index, done.stdout)
    assert summary["unchanged"] == documents
