"""Runs of the indexer in processes of their own, watched from outside."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from bench.indexing.model_calls import Call, read_calls
from bench.indexing.one_run import SUMMARY

_EVERY = 1.0
"""Seconds between two looks at a run's memory."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run that came to its end."""

    told: dict[str, Any]
    """Its summary; `seconds` without the start of Ray."""
    calls: Sequence[Call]
    first_answer: float
    """Seconds from the start of the process to the end of the first call."""
    peak_bytes: int
    """At most at a time, of memory that driver, Ray and workers had each for themselves."""


def run(
    dump: Path, index: str, store: Path, model: str, *, waits: float | None = None, actors: int = 1
) -> Run:
    """One run, to its end; `RuntimeError` if it fails."""
    with tempfile.TemporaryDirectory() as folder:
        options = [] if waits is None else ["--waits", str(waits)]
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "bench.indexing.one_run", str(dump), index, str(store)),
                *(model, folder, "--actors", str(actors), *options),
            ],
            # Ray has much to tell of what it starts and ends.
            stdout=subprocess.DEVNULL,
        )
        begun = time.monotonic()
        watch = _MemoryWatch(process.pid)
        code = process.wait()
        peak = watch.stop()
        if code:
            raise RuntimeError(f"a run of {dump} ended with {code}")
        told = json.loads((Path(folder) / SUMMARY).read_text())
        calls = read_calls(Path(folder))
        first = calls[0].end - begun if calls else 0.0
        return Run(told=told, calls=calls, first_answer=first, peak_bytes=peak)


class _MemoryWatch:
    """Looks at a family of processes now and then."""

    def __init__(self, pid: int) -> None:
        self._family = psutil.Process(pid)
        self._peak = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def stop(self) -> int:
        """The most that was seen, in bytes."""
        self._ended.set()
        self._thread.join()
        return self._peak

    def _look(self) -> None:
        while not self._ended.wait(_EVERY):
            with suppress(psutil.Error):
                family = [self._family, *self._family.children(recursive=True)]
                self._peak = max(self._peak, sum(map(_own_bytes, family)))


def _own_bytes(process: psutil.Process) -> int:
    with suppress(psutil.Error):
        memory = process.memory_info()
        return int(memory.rss - memory.shared)
    return 0
