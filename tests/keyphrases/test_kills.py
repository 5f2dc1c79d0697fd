"""A job that is killed in the middle, and the same command again."""

import json
import signal
import subprocess
import sys
import time

import pytest

from indexer.index.location import open_index
from posts.errors import InputError

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]


def start(*arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "keyphrases", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_until(true, process, seconds=240):
    deadline = time.monotonic() + seconds
    while not true():
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.2)


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


def test_a_training_that_was_killed_goes_on_from_its_last_checkpoint(demo, keyphrases, tmp_path):
    store = tmp_path / "store"
    command = (
        *("train", "--data", demo.dump / "train.jsonl", "--valid", demo.dump / "valid.jsonl"),
        *("--base", "small", "--store", store, "--name", "tagger"),
    )
    killed = start(*command)
    wait_until(lambda: any(store.rglob("checkpoint_manager_snapshot.json")), killed)
    time.sleep(5)  # Ray resumes from a checkpoint only once its controller has noticed it.
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert not any(store.rglob("card.json"))

    done = keyphrases(*command)

    assert done.returncode == 0, done.stderr
    assert "going on after step" in done.stderr
    assert "published tagger@1" in done.stdout
