"""Metrics come out of Ray's own exporter, and no run fails for want of them."""

from __future__ import annotations

import contextlib
import re
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import ray

from indexer.job import IndexJob
from indexer.progress import metrics
from indexer.progress.metrics import RunLabels, StageMetrics, TallyMetrics
from indexer.progress.stage_counts import StageCounts
from indexer.progress.tally import Tally
from indexer.progress.watch import Snapshot
from indexer.run import index_dump
from tests.indexer.dumps import BAD_REASONS, good_rows, write_dump
from tests.indexer.stand_in import LastWord

LABELS = RunLabels(run="run-1", index="embedded:index")


def snapshot(**tally: int) -> Snapshot:
    return Snapshot(seconds=1, total=9, stages=StageCounts(), tally=Tally(**tally))


def exported() -> str:
    """What Prometheus would read of this machine."""
    (node,) = [one for one in ray.nodes() if one["Alive"]]
    url = f"http://{node['NodeManagerAddress']}:{node['MetricsExportPort']}/metrics"
    with urllib.request.urlopen(url, timeout=10) as answer:
        text: str = answer.read().decode()
    return text


def figures(text: str, name: str, run: str, label: str) -> dict[str, float]:
    """By the label's value."""
    lines = [line for line in text.splitlines() if line.startswith(f"{name}{{")]
    found = {}
    for line in lines:
        labels = dict(re.findall(r'(\w+)="([^"]*)"', line))
        if labels["run"] == run:
            found[labels[label]] = float(line.rsplit(" ", 1)[1])
    return found


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("ray_session")
def test_prometheus_finds_the_posts_of_a_run_by_stage_and_outcome(
    tmp_path: Path, store: str
) -> None:
    write_dump(tmp_path / "dump", good_rows(20))
    index = f"embedded:{tmp_path / 'index'}"
    job = IndexJob(dump=str(tmp_path / "dump"), index=index, store=store, model="tiny@1", actors=1)
    run = index_dump(job, load=LastWord).run
    read = 20 + len(BAD_REASONS)
    give_up = time.monotonic() + 120
    while True:
        text = ""
        with contextlib.suppress(OSError):  # A busy machine takes its time.
            text = exported()
        outcomes = figures(text, "ray_keyphrases_committed_posts_total", run, "outcome")
        stages = figures(text, "ray_keyphrases_stage_posts_total", run, "stage")
        if sum(outcomes.values()) == stages.get("read") == read and stages.get("generate") == 20:
            break
        assert time.monotonic() < give_up, (outcomes, stages)
        time.sleep(0.5)
    assert outcomes == {"generated": 20, "dead": len(BAD_REASONS)}
    assert stages["decode"] == 10
    seconds = figures(text, "ray_keyphrases_stage_seconds_total", run, "stage")
    assert seconds.keys() == stages.keys()
    assert figures(text, "ray_keyphrases_dump_posts", run, "index").keys() == {index}


class Broken:
    """A metric of Ray that cannot be told anything."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise RuntimeError("no exporter")


@pytest.mark.parametrize("broken", ["Counter", "Gauge"])
def test_no_run_fails_for_want_of_metrics(monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    monkeypatch.setattr(metrics, broken, Broken)
    StageMetrics(LABELS).done("read", 3, 0.1)
    shown: list[Snapshot] = []
    TallyMetrics(LABELS, behind=shown.append)(snapshot(dead=1))
    assert len(shown) == 1


def test_what_listens_behind_the_metrics_may_end_a_run() -> None:
    def interrupt(seen: Snapshot) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        TallyMetrics(LABELS, behind=interrupt)(snapshot())


class Told:
    """A counter that remembers."""

    def __init__(self) -> None:
        self.added: list[tuple[float, str]] = []

    def inc(self, more: float, tags: dict[str, str]) -> None:
        self.added.append((more, tags["outcome"]))


def test_committed_posts_are_told_once() -> None:
    told = TallyMetrics(LABELS)
    told._posts = counter = Told()
    told(snapshot(generated=3))
    told(snapshot(generated=3, dead=1))
    told(snapshot(generated=5, dead=1))
    assert counter.added == [(3, "generated"), (1, "dead"), (2, "generated")]
