"""Work in few threads: its places, and what becomes of what was given up."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest

from indexer.search.http.workers import OverloadedError, TooSlowError, Workers


@pytest.fixture
def hurried() -> Iterator[Workers]:
    """One at work, one waiting, and hardly any time."""
    workers = Workers(threads=1, waiting=1, seconds=1)
    yield workers
    workers.close()


def test_work_gives_what_it_gives_and_raises_what_it_raises() -> None:
    workers = Workers(threads=1, waiting=0, seconds=60)

    async def both() -> None:
        assert await workers.run(lambda: 7) == 7
        with pytest.raises(ZeroDivisionError):
            await workers.run(lambda: 1 / 0)
        assert await workers.run(lambda: 8) == 8

    asyncio.run(both())
    workers.close()


def test_what_was_given_up_while_it_waited_is_never_done(hurried: Workers) -> None:
    may, done, last = threading.Event(), [], threading.Event()

    async def ask() -> None:
        asked = (hurried.run(lambda: may.wait(60)), hurried.run(lambda: done.append("second")))
        given_up = await asyncio.gather(*asked, return_exceptions=True)
        assert [type(each) for each in given_up] == [TooSlowError, TooSlowError]
        # Neither thread nor queue has a place yet.
        with pytest.raises(OverloadedError):
            await hurried.run(last.set)
        may.set()
        while not last.is_set():
            await asyncio.gather(hurried.run(last.set), return_exceptions=True)

    asyncio.run(ask())
    assert done == []


def test_every_place_is_free_again_in_the_end(hurried: Workers) -> None:
    may = threading.Event()

    async def ask() -> None:
        blocked = [hurried.run(lambda: may.wait(60)) for _ in range(2)]
        await asyncio.gather(*blocked, return_exceptions=True)
        may.set()
        deadline = time.monotonic() + 60
        while True:
            both = [hurried.run(lambda: "done") for _ in range(2)]
            if await asyncio.gather(*both, return_exceptions=True) == ["done", "done"]:
                return
            assert time.monotonic() < deadline

    asyncio.run(ask())


def test_what_waits_too_long_for_another_is_too_slow_as_well() -> None:
    def work() -> None:
        raise TimeoutError("the store does not answer")

    workers = Workers(threads=1, waiting=0, seconds=60)
    with pytest.raises(TooSlowError):
        asyncio.run(workers.run(work))
    workers.close()


def test_a_server_that_stops_takes_no_more_work() -> None:
    workers = Workers(threads=1, waiting=0, seconds=60)
    workers.close()
    with pytest.raises(OverloadedError):
        asyncio.run(workers.run(lambda: 7))
