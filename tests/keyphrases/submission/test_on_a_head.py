"""Jobs on a real Ray head with authentication on.

The cases share one head, for it takes a while to start, and each has a name of its own.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import requests

from tests.faults.accounting import assert_accounted_for
from tests.faults.runs import committed
from tests.faults.some_posts import some_posts
from tests.indexer.dumps import good_rows, write_dump
from tests.keyphrases.processes import wait_until
from tests.keyphrases.submission.conftest import SECRET, TRAVELLED, start_submit, submit, told
from tests.servers.ray_head import RayHead, ray_head

pytestmark = pytest.mark.timeout(400)

NIGHT = ("--night", "2026-11-26")
MANY = 20_000
"""Posts that keep a process busy for longer than it takes to stop it."""


def listed(head: RayHead) -> dict[str, dict[str, object]]:
    """What `submit list` says of each job."""
    done = submit(head, "list", "--json")
    assert done.returncode == 0, done.stderr
    return {row["id"]: row for row in json.loads(done.stdout)}


def everything_of(head: RayHead, id: str) -> str:
    """What people can see of a job: Ray's record of it, and its log."""
    headers = {"Authorization": f"Bearer {head.token}"}
    asked = [f"{head.url}/api/jobs/{id}", f"{head.url}/api/jobs/{id}/logs"]
    answers = [requests.get(url, headers=headers, timeout=30) for url in asked]
    assert all(answer.ok for answer in answers)
    return "".join(answer.text for answer in answers)


@pytest.mark.parametrize(
    "environment",
    [{"RAY_AUTH_TOKEN_PATH": "", "HOME": "/nowhere"}, {"RAY_AUTH_TOKEN": "another-token" * 3}],
    ids=["no token", "a wrong token"],
)
def test_without_the_token_nothing_is_shown(head: RayHead, environment: dict[str, str]) -> None:
    refusal = told(submit(head, "list", **environment))
    for words in (head.url, "RAY_AUTH_MODE=token", "RAY_AUTH_TOKEN_PATH"):
        assert words in refusal
    assert "another-token" not in refusal


def test_a_night_is_indexed_once(
    head: RayHead, store: str, working_dir: Path, tmp_path: Path
) -> None:
    write_dump(tmp_path / "dump", good_rows(20), lines=())
    index = f"embedded:{tmp_path / 'my posts'}"
    command = (
        *(*NIGHT, "--working-dir", working_dir, "--env", "KP_SECRET", "--env", "KP_PLAIN=1"),
        *("index", tmp_path / "dump", "--index", index, "--store", store, "--model", "tiny@1"),
    )
    done = submit(head, *command)
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    summary = json.loads(line)
    assert summary["generated"] == summary["read"] == 20
    assert summary["index"] == index
    said = done.stderr.splitlines()
    assert TRAVELLED in said
    assert said[0].startswith("my-posts-2026-11-26-1 is submitted; ")
    assert said[-1] == "my-posts-2026-11-26-1 succeeded"
    assert not [words for words in said if "INFO" in words or "job_manager" in words]

    row = listed(head)["my-posts-2026-11-26-1"]
    assert (row["name"], row["night"], row["attempt"]) == ("my-posts", "2026-11-26", 1)
    assert (row["status"], row["exit_code"]) == ("SUCCEEDED", 0)
    assert SECRET not in everything_of(head, "my-posts-2026-11-26-1")

    refusal = told(submit(head, *command))
    assert "my-posts-2026-11-26-1 has succeeded" in refusal


def test_a_job_that_fails_passes_its_exit_code_on_and_may_be_tried_again(
    head: RayHead, tmp_path: Path
) -> None:
    command = (
        *(*NIGHT, "--name", "failing"),
        *("index", tmp_path / "not there", "--index", f"embedded:{tmp_path / 'index'}"),
    )
    lacking = submit(head, "--env", "KP_MISSING", *command)
    assert (lacking.returncode, lacking.stdout) == (2, "")
    assert "keyphrases: KP_MISSING is not set in the cluster's environment" in lacking.stderr
    assert "failing-2026-11-26-1 failed with exit code 2" in lacking.stderr

    again = submit(head, *command)
    assert (again.returncode, again.stdout) == (2, "")
    assert f"{tmp_path / 'not there'}" in again.stderr
    assert "failing-2026-11-26-2 failed with exit code 2" in again.stderr
    assert "Traceback" not in again.stderr


def test_a_night_that_runs_is_refused_until_it_is_stopped(
    head: RayHead, store: str, tmp_path: Path
) -> None:
    posts = some_posts(tmp_path / "dump", MANY)
    location = f"embedded:{tmp_path / 'index'}"
    command = (
        *(*NIGHT, "--name", "running", "index", posts.folder, "--index", location),
        *("--store", store, "--model", "tiny@1", "--actors", 1),
    )
    id = "running-2026-11-26-1"
    begun = submit(head, "--no-follow", *command)
    assert (begun.returncode, begun.stdout) == (0, "")

    refusal = told(submit(head, *command))
    for words in (f"{id} has not ended", f"submit logs {id}", f"submit stop {id}"):
        assert words in refusal
    unfollowed = start_submit(head, "logs", id)
    wait_until(lambda: committed(location) > 0, unfollowed)
    unfollowed.terminate()
    _, said = unfollowed.communicate(timeout=200)
    assert unfollowed.returncode == 128 + 15
    assert f"{id} goes on without this command" in said
    assert listed(head)[id]["status"] == "RUNNING"

    stopped = submit(head, "stop", id)
    assert stopped.returncode == 0, stopped.stderr
    assert f"{id} was stopped" in stopped.stderr
    after = submit(head, "logs", id)
    assert (after.returncode, after.stdout) == (1, "")
    assert "the run was asked to stop" in after.stderr
    assert 0 < committed(location) < MANY


def test_a_job_that_is_not_there_is_told(head: RayHead) -> None:
    for verb in ("logs", "stop"):
        assert "has no job nobody-2026-11-26-1" in told(submit(head, verb, "nobody-2026-11-26-1"))


@pytest.mark.faults
@pytest.mark.timeout(900)
def test_a_night_whose_head_is_killed_goes_on_with_the_same_command(
    store: str, tmp_path: Path
) -> None:
    posts = some_posts(tmp_path / "dump", 600, padding=50_000)
    location = f"embedded:{tmp_path / 'index'}"
    command = (
        *(*NIGHT, "index", posts.folder, "--index", location),
        *("--store", store, "--model", "tiny@1"),
    )
    with ray_head({}) as head:
        submitter = start_submit(head, *command)
        wait_until(lambda: committed(location) > 0, submitter)
        head.kill()
        output, said = submitter.communicate(timeout=120)
        assert (submitter.returncode, output) == (1, "")
        assert said.splitlines()[-1].startswith("keyphrases: index-2026-11-26-1 was lost: ")
        assert "run the same command again: it resumes" in said
        before = committed(location)
        assert 0 < before < 600

        head.start()
        done = submit(head, *command)
    assert done.returncode == 0, done.stderr
    summary = assert_accounted_for(posts, location, done.stdout)
    assert summary["unchanged"] >= before
