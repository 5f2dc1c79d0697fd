"""The process that leads a run is killed, and the same command is run again."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from elasticsearch import Elasticsearch

from indexer.index.elastic.lock import LOCKS
from indexer.index.location import open_index
from posts.errors import InputError
from tests.faults.accounting import assert_accounted_for, read_contents
from tests.faults.runs import Start, assert_gone, committed, has_a_model, kill
from tests.faults.some_posts import SomePosts, some_posts
from tests.keyphrases.conftest import run_keyphrases
from tests.keyphrases.processes import wait_until
from tests.waiting import wait_for

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

POSTS = 600

Run = subprocess.Popen[str]


@dataclass(frozen=True)
class Moment:
    """When to kill, and how to tell from what is left that it was then."""

    has_come: Callable[[Run, str], bool]
    fits: Callable[[int], bool]
    """By the number of documents."""


MOMENTS = {
    "before anything was committed": Moment(
        lambda run, location: has_a_model(run),
        lambda documents: documents == 0,
    ),
    "between two commits": Moment(
        lambda run, location: committed(location) > 0,
        lambda documents: 0 < documents < POSTS,
    ),
    "after the last commit": Moment(
        lambda run, location: committed(location) == POSTS and is_whole(location),
        lambda documents: documents == POSTS,
    ),
}


def is_whole(location: str) -> bool:
    """Whether the dead letters, which are written last, are there too."""
    return bool(read_contents(location).letters)


@pytest.fixture(scope="module")
def posts(tmp_path_factory: pytest.TempPathFactory) -> SomePosts:
    return some_posts(tmp_path_factory.mktemp("posts") / "dump", POSTS, padding=50_000)


@dataclass(frozen=True)
class Killed:
    """What a run left."""

    documents: int
    processes: list[psutil.Process]


def killed(moment: Moment, command: tuple[object, ...], location: str, start_run: Start) -> Killed:
    """Kills a run at the moment."""
    run = start_run(*command)
    wait_until(lambda: moment.has_come(run, location), run)
    processes = kill(run)
    documents = len(read_contents(location).documents)
    assert moment.fits(documents), f"killed at another moment: there are {documents} documents"
    return Killed(documents, processes)


def assert_goes_on(
    command: tuple[object, ...], posts: SomePosts, location: str, killed: Killed
) -> None:
    done = run_keyphrases(*command)
    assert done.returncode == 0, done.stderr
    assert_gone(killed.processes)
    summary = assert_accounted_for(posts, location, done.stdout)
    assert summary["unchanged"] >= killed.documents
    assert summary["generated"] == POSTS - summary["unchanged"]


@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS)
def test_a_killed_run_goes_on_at_once(
    moment: Moment, posts: SomePosts, store: str, start_run: Start, tmp_path: Path
) -> None:
    location = f"embedded:{tmp_path / 'index'}"
    command = ("index", posts.folder, "--index", location, "--store", store, "--model", "tiny@1")
    left = killed(moment, command, location, start_run)
    assert_goes_on(command, posts, location, left)


def test_a_killed_run_goes_on_when_its_lock_on_elasticsearch_has_expired(
    posts: SomePosts, store: str, elastic_location: str, start_run: Start
) -> None:
    location = elastic_location
    command = ("index", posts.folder, "--index", location, "--store", store, "--model", "tiny@1")
    left = killed(MOMENTS["between two commits"], command, location, start_run)

    with pytest.raises(InputError, match=r"run \S+ is writing to the index"), lock(location):
        pass
    # Three quarters of the minute that it holds have gone; the rest is waited for.
    server, _, name = location.rpartition("/")
    with Elasticsearch(server, request_timeout=120) as client:
        client.update(index=LOCKS, id=name, script="ctx._source.at -= 45000L")
    wait_for(lambda: is_free(location), seconds=90)
    assert_goes_on(command, posts, location, left)


@contextmanager
def lock(location: str) -> Iterator[None]:
    index = open_index(location)
    try:
        with index.lock("who waits"):
            yield
    finally:
        index.close()


def is_free(location: str) -> bool:
    try:
        with lock(location):
            return True
    except InputError:
        return False
