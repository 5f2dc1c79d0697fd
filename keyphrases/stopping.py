"""Stopping on SIGTERM, which is how schedulers ask a job to come to its end."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType


@contextmanager
def stop_on_sigterm() -> Iterator[Event]:
    """Set by the first SIGTERM, for work that looks at it; a second one ends the program."""
    stop = Event()

    def ask(number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            sys.exit(128 + number)
        stop.set()

    before = signal.signal(signal.SIGTERM, ask)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGTERM, before)
