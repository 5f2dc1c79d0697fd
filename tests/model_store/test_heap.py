"""Memory that is free but below what is in use."""

from __future__ import annotations

import sys

import psutil
import pytest

from model_store.heap import give_back_memory

SIZE, PIECES = 50_000, 2_000
"""Pieces below what the C library has mapped by itself, 100 MB together."""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="resident memory is Linux's")
def test_memory_below_the_top_of_the_heap_is_given_back() -> None:
    process = psutil.Process()
    pieces = [bytearray(SIZE) for _ in range(PIECES)]
    top = pieces[-1]
    full = process.memory_info().rss
    del pieces
    give_back_memory()
    assert full - process.memory_info().rss > SIZE * PIECES / 2
    assert len(top) == SIZE


def test_where_that_cannot_be_done_nothing_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(psutil, "heap_trim")
    give_back_memory()
