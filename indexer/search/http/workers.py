"""Threads that ask the index: a few at a time, a few more waiting, and none for long."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class OverloadedError(Exception):
    """So many are at work and waiting that one more would wait for nothing."""


class TooSlowError(Exception):
    """The work, or the waiting before it, took too long."""


class Workers:
    """Runs work that blocks; what was given up keeps its place until its thread is done with it.

    So no more than `threads` are ever at work and `waiting` before them, also where an engine
    answers nothing any more.
    """

    def __init__(self, *, threads: int, waiting: int, seconds: float) -> None:
        """`seconds`: after which work is given up, the waiting before it included."""
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="search")
        self._places = threading.BoundedSemaphore(threads + waiting)
        self._seconds = seconds

    async def run(self, work: Callable[[], T]) -> T:
        """What the work gives or raises; else `OverloadedError` or `TooSlowError`."""
        if not self._places.acquire(blocking=False):
            raise OverloadedError
        given_up = threading.Event()

        def unless_given_up() -> T:
            try:
                if given_up.is_set():
                    raise TooSlowError
                return work()
            finally:
                self._places.release()

        try:
            submitted = self._pool.submit(unless_given_up)
        except RuntimeError as error:  # The server is about to stop.
            self._places.release()
            raise OverloadedError from error
        future = asyncio.wrap_future(submitted)
        # What it raises after it was given up is nobody's, and asyncio shall not log it.
        future.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            done, _ = await asyncio.wait((future,), timeout=self._seconds)
        finally:
            given_up.set()
        if not done:
            raise TooSlowError
        try:
            return future.result()
        except TimeoutError as error:  # Of what the work itself waits for, such as S3.
            raise TooSlowError from error

    def close(self) -> None:
        """Takes no more work, and forgets what has not begun."""
        self._pool.shutdown(wait=False, cancel_futures=True)
