"""A job that is killed in the middle, and the same command again."""

import json
import signal

import pytest

from indexer.index.location import open_index
from posts.errors import InputError
from tests.keyphrases.processes import start, wait_until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]


def documents(location):
    index = open_index(location)
    try:
        return index.count()
    except InputError:
        return 0
    finally:
        index.close()


def test_an_index_run_that_was_killed_goes_on_and_does_nothing_twice(demo, keyphrases, tmp_path):
    location = f"embedded:{tmp_path / 'index'}"
    command = ("index", demo.dump, "--index", location, "--store", demo.store, "--model", "demo")
    killed = start(*command)
    wait_until(lambda: documents(location) > 0, killed)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    kept = documents(location)

    done = keyphrases(*command)

    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert 0 < kept < 800, "the kill came too late to show anything"
    assert (summary["read"], summary["dead"]) == (800, 0)
    assert summary["unchanged"] >= kept
    assert summary["generated"] == 800 - summary["unchanged"]
    assert documents(location) == 800
