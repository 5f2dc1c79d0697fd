"""What is made of the times at which models were at work."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.indexing.model_calls import Call, TimedLoader, busy_share, posts_done, read_calls
from bench.scale import WAITS, steady


def test_a_call_across_the_edge_counts_in_part() -> None:
    calls = [Call(1, 0.0, 2.0, 10), Call(1, 3.0, 4.0, 10)]
    assert busy_share(calls, 1.0, 4.0) == pytest.approx(2 / 3)
    assert posts_done(calls, 1.0, 4.0) == pytest.approx(15)


def test_the_time_of_all_processes_counts() -> None:
    calls = [Call(1, 0.0, 4.0, 10), Call(2, 0.0, 2.0, 5)]
    assert busy_share(calls, 0.0, 4.0) == pytest.approx(6 / 8)


def test_calls_are_written_down_by_the_process_that_makes_them(tmp_path: Path) -> None:
    model = TimedLoader(load=lambda: lambda texts, _: [[] for _ in texts], folder=tmp_path)()
    model(["a", "b"], [None, None])
    model(["c"], [None])
    first, second = read_calls(tmp_path)
    assert (first.posts, second.posts) == (2, 1)
    assert first.begin <= first.end <= second.begin


def test_only_the_time_counts_in_which_all_actors_have_work() -> None:
    # The second comes late, and waits for half a second before its second table.
    calls = [
        *(Call(1, start, start + 1, round(1 / WAITS)) for start in (0.0, 1.0, 2.0, 3.0)),
        *(Call(2, start, start + 1, round(1 / WAITS)) for start in (1.0, 2.5, 3.5)),
    ]
    found = steady(sorted(calls, key=lambda call: call.begin))
    assert found["seconds"] == pytest.approx(2.0)
    assert found["efficiency"] == pytest.approx((2 + 1.5) / 4)


def test_a_run_too_short_to_have_all_actors_at_work_is_no_measurement() -> None:
    with pytest.raises(RuntimeError, match="too short"):
        steady([Call(1, 0.0, 1.0, 10), Call(2, 2.0, 3.0, 10)])
