"""Work that is done beforehand, in a thread of its own, until it succeeds once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
"""Seconds between two attempts, doubled each time."""


class WarmUp:
    """Tries until it succeeds or is stopped; whoever needs it waits without a thread."""

    def __init__(self, work: Callable[[], object], failed: Callable[[Exception], object]) -> None:
        """`failed` is told of each attempt that fails."""
        self._work = work
        self._failed = failed
        self._done: Future[None] = Future()
        self._stopped = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._run, name="warm-up", daemon=True).start()

    def stop(self) -> None:
        """No further attempt; one that has begun goes on, and hinders nobody from leaving."""
        self._stopped.set()

    async def wait(self, seconds: float) -> bool:
        """Whether it has succeeded, now or within so many seconds."""
        if not self._done.done():
            await asyncio.wait([asyncio.wrap_future(self._done)], timeout=seconds)
        return self._done.done()

    def _run(self) -> None:
        pause = _FIRST_PAUSE
        while not self._stopped.is_set():
            try:
                self._work()
            except Exception as error:  # noqa: BLE001  # The next attempt may go well.
                self._failed(error)
                self._stopped.wait(pause)
                pause = min(_LONGEST_PAUSE, pause * 2)
            else:
                self._done.set_result(None)
                return
