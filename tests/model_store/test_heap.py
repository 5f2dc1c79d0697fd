"""Memory that is free but below what is in use."""

from __future__ import annotations

import sys

import psutil
import pytest

from model_store.heap import Heap, give_back_memory

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


def test_what_a_turn_takes_is_left_to_the_next_and_what_piles_up_is_given_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heap, given_back, turns = Heap(), [], []
    # Bytes after each turn: each takes 1 GB, and from the fifth on some of it stays.
    held = iter([5, 2, 3, 3, 3, 4, 2, 3, 3, 4.5, 2])
    monkeypatch.setattr(Heap, "_own_bytes", lambda _: int(next(held) * 1e9))
    monkeypatch.setattr("model_store.heap.give_back_memory", lambda: given_back.append(len(turns)))
    next(held)  # After the first turn nothing is compared.
    for turn in range(8):
        heap.after_turn()
        turns.append(turn)
    assert given_back == [0, 4, 7]
