"""What searches free is kept for the next ones."""

from __future__ import annotations

import platform
import subprocess
import sys
from statistics import median

import pytest

# As a search does it: some arrays of megabytes at a time, in one of several threads.
TURNS = """
import resource, sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
import numpy as np
from indexer.search.http.memory import keep_memory

together = Barrier(4)

def turn(number):
    arrays = [np.ones(1 << 20, dtype=np.int32) for _ in range(8)]
    if number < 4:
        together.wait()  # So much as then is never held again.
    del arrays

if sys.argv[1] == "keep":
    keep_memory()
with ThreadPoolExecutor(4) as pool:
    list(pool.map(turn, range(20)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    list(pool.map(turn, range(20, 120)))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(how: str) -> float:
    """Of 100 turns, after 20; the one in the middle of three times."""
    command = [sys.executable, "-c", TURNS, how]
    return median(
        int(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout)
        for _ in range(3)
    )


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library has no mallopt")
def test_arrays_of_a_search_take_the_memory_of_the_one_before() -> None:
    assert faults("keep") < faults("leave") / 3
