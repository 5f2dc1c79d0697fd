"""Runs of the program that a test means to kill."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable


def start(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "keyphrases", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_until(
    true: Callable[[], bool], process: subprocess.Popen[str], seconds: float = 240
) -> None:
    """Waits while the process runs; fails if it ends first."""
    deadline = time.monotonic() + seconds
    while not true():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.05)
