"""One index, asked by many threads at once while a run writes to it and promotes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from indexer.index.location import open_index
from indexer.search import Index, fresh_suggester
from indexer.search.suggester import Suggester
from indexer.search.unavailable_error import UnavailableError
from tests.indexer.index.samples import BUILD, OTHER_BUILD, document, phrases

THREADS = 8
ROUNDS = 40
POSTS = 60


def posts(word: str, count: int = POSTS) -> list:
    return [
        document(
            f"p{n}", f"a {word} boat number {n}", keyphrases=phrases(red_boat=0.9, harbour=0.4)
        )
        for n in range(count)
    ]


@pytest.fixture
def location(tmp_path: Path) -> str:
    index = open_index(f"embedded:{tmp_path / 'index'}")
    with index.lock("first"):
        index.begin(BUILD)
        index.write(posts("red"))
        index.finish()
    index.close()
    return index.location


def at_once(*tasks: Callable[[], object]) -> None:
    """Each in a thread, begun together; raises what any of them raises."""
    barrier = threading.Barrier(len(tasks))

    def run(task: Callable[[], object]) -> None:
        barrier.wait()
        task()

    with ThreadPoolExecutor(len(tasks)) as pool:
        for done in [pool.submit(run, task) for task in tasks]:
            done.result()


def test_answers_stay_whole_while_versions_come_and_go(location: str) -> None:
    def ask() -> None:
        for _ in range(ROUNDS):
            found = index.search("boat", facets=True, days=True, limit=5)
            assert found.total == POSTS
            assert len(found.hits) == 5
            assert found.facets[0].count == POSTS
            assert [one.count for one in index.suggest("red")] == [POSTS]
            post = index.post("p7")
            assert post is not None
            assert post.text.startswith("a ")
            similar = index.similar("p7", limit=3)
            assert similar is not None
            assert len(similar.hits) == 3
            index.related("boat")

    def rebuild() -> None:
        for number in range(4):
            writer = open_index(location)
            with writer.lock(f"run {number}"):
                writer.begin(OTHER_BUILD if number % 2 == 0 else BUILD, rebuild=True)
                writer.write(posts("blue"))
                writer.finish()
                writer.promote()
            writer.close()

    with Index(location) as index:
        at_once(*[ask] * THREADS, rebuild)


def test_the_first_suggestions_are_made_once(
    location: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    class Counted(Suggester):
        def __init__(self, *arguments: object) -> None:
            made.append(1)
            super().__init__(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(fresh_suggester, "Suggester", Counted)
    with Index(location) as index:
        at_once(*[lambda: index.suggest("red")] * THREADS)
    assert len(made) == 1


def test_nobody_waits_for_newer_suggestions(location: str, monkeypatch: pytest.MonkeyPatch) -> None:
    may, made = threading.Event(), threading.Semaphore(0)

    class Slow(Suggester):
        def __init__(self, *arguments: object) -> None:
            may.wait(60)
            super().__init__(*arguments)  # type: ignore[arg-type]
            made.release()

    with Index(location) as index:
        index.prepare()
        monkeypatch.setattr(fresh_suggester, "Suggester", Slow)
        monkeypatch.setattr(fresh_suggester, "_FRESH_SECONDS", 0.0)
        may.set()
        for _ in range(3):
            assert index.suggest("red")
        # The index has not changed, so there is nothing newer.
        assert not made.acquire(timeout=0.5)
        may.clear()
        with closing(open_index(location)) as written, written.lock("second"):
            written.begin(BUILD)
            written.write(posts("green", 1))
        for _ in range(3):
            assert index.suggest("red")
        may.set()
        assert made.acquire(timeout=60)


def test_an_index_that_cannot_be_asked_says_so_alike(tmp_path: Path) -> None:
    with Index(f"embedded:{tmp_path / 'none'}") as index:
        for ask in (
            lambda: index.search("boat"),
            lambda: index.facets("boat"),
            lambda: index.suggest("boat"),
            lambda: index.related("boat"),
            lambda: index.post("p1"),
            lambda: index.similar("p1"),
            index.prepare,
        ):
            with pytest.raises(UnavailableError, match="there is no index"):
                ask()
