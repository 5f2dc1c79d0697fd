"""Samples stay few however long a run takes, and throughput comes of them."""

from __future__ import annotations

from itertools import pairwise

import pytest

from indexer.report.record import Sample
from indexer.report.samples import Samples
from indexer.report.throughput import throughput


def sample(at: float, posts: int = 0) -> Sample:
    return Sample(seconds=at, read=posts, finished=posts // 2, committed=posts, generated=0)


def test_a_short_run_keeps_every_sample() -> None:
    samples = Samples(most=10)
    for second in range(9):
        samples.add(sample(second))
    assert [one.seconds for one in samples.all()] == list(range(9))


def test_a_long_run_keeps_few_all_over_its_time_and_the_latest() -> None:
    samples = Samples(most=100)
    end = 100_000
    for second in range(end + 1):
        samples.add(sample(second))
        assert len(samples._kept) <= 100
    times = [one.seconds for one in samples.all()]
    assert (times[0], times[-1]) == (0, end)
    assert len(times) >= 40
    apart = [after - before for before, after in pairwise(times[:-1])]
    assert max(apart) <= 2 * min(apart)


def test_nothing_looked_at_is_no_sample() -> None:
    assert Samples().all() == ()
    assert throughput([]) == throughput([sample(3)]) == []


def test_throughput_is_what_was_done_over_the_time_it_took() -> None:
    # 100 posts a second for ten seconds, nothing for ten.
    samples = [sample(5 + second, 100 * min(second, 10)) for second in range(21)]
    parts = throughput(samples)
    assert [part.start for part in parts] == pytest.approx(range(5, 25))
    assert [part.read for part in parts] == pytest.approx([100] * 10 + [0] * 10)
    assert [part.finished for part in parts] == pytest.approx([50] * 10 + [0] * 10)
    assert parts[-1].committed == 1000


def test_the_parts_of_a_long_run_hold_all_its_posts() -> None:
    parts = throughput([sample(second * 7.0, second * second) for second in range(400)])
    assert len(parts) == 48
    assert sum(part.read * (part.end - part.start) for part in parts) == pytest.approx(399**2)
