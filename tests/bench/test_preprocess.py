"""The measurement of how fast pictures are made ready."""

from __future__ import annotations

import os

import pytest
import torch

from bench import preprocess
from bench.preprocess import measure
from tests.large_pictures import photo


def test_both_ways_are_measured_and_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preprocess, "photo", lambda seed: photo(seed, (900, 700)))
    surroundings = os.sched_getaffinity(0), torch.get_num_threads()
    found = measure(pictures=2, rounds=1)
    assert (os.sched_getaffinity(0), torch.get_num_threads()) == surroundings
    shipped = found["preprocess"]["shipped"]
    ratio = shipped["pictures_per_second"] / shipped["stock_pictures_per_second"]
    assert found["preprocess_speedup"] == shipped["speedup"] == pytest.approx(ratio)
    assert 0 < shipped["mean_difference"] < 0.01
    assert shipped["mean_difference"] < shipped["largest_difference"] < 0.3
