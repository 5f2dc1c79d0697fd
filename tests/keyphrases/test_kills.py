"""A job that is killed in the middle, and the same command again."""

import json
import shutil
import signal
from pathlib import Path

import pytest

from indexer.index.location import open_index
from posts.errors import InputError
from tests.keyphrases.processes import start, wait_until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

TIMES = 4
POSTS = TIMES * 800


def documents(location):
    index = open_index(location)
    try:
        return index.count()
    except InputError:
        return 0
    finally:
        index.close()


def repeated(dump: Path, times: int, place: Path) -> Path:
    """A dump with each post so many times, under other ids.

    A run over it takes several times as long as the ten seconds after which it commits.
    """
    shutil.copytree(dump, place)
    for file in place.glob("*.jsonl"):
        posts = [json.loads(line) for line in file.read_text().splitlines()]
        again = [post | {"id": f"{post['id']}-{n}"} for n in range(times) for post in posts]
        file.write_text("".join(json.dumps(post) + "\n" for post in again))
    return place


def test_an_index_run_that_was_killed_goes_on_and_does_nothing_twice(demo, keyphrases, tmp_path):
    location = f"embedded:{tmp_path / 'index'}"
    dump = repeated(demo.dump, times=TIMES, place=tmp_path / "dump")
    command = ("index", dump, "--index", location, "--store", demo.store, "--model", "demo")
    killed = start(*command)
    wait_until(lambda: documents(location) > 0, killed)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    kept = documents(location)

    done = keyphrases(*command)

    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert 0 < kept < POSTS, "the kill came too late to show anything"
    assert (summary["read"], summary["dead"]) == (POSTS, 0)
    assert summary["unchanged"] >= kept
    assert summary["generated"] == POSTS - summary["unchanged"]
    assert documents(location) == POSTS
