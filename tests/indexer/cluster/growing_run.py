"""A run on a cluster that grows; prints how many machines with a GPU there were at a time.

    RAY_ADDRESS=... python -m tests.indexer.cluster.growing_run DUMP INDEX STORE

A process of its own, for the Ray of all other tests is another.
"""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path

import ray

from indexer.job import IndexJob
from indexer.progress.watch import Snapshot
from indexer.run import index_dump
from tests.indexer.stand_in import Slow


def main(dump: str, index: str, store: str) -> None:
    pids = Path(dump).with_name("pids")
    pids.mkdir()
    machines = [0]

    def look(_: Snapshot) -> None:
        nodes = [node for node in ray.nodes() if node["Alive"] and node["Resources"].get("GPU")]
        machines.append(len(nodes))

    job = IndexJob(
        dump=dump, index=index, store=store, model="tiny@1", gpus_per_actor=1.0, model_rows=4
    )
    warnings: list[str] = []
    summary = index_dump(
        job,
        on_checked=lambda checked: warnings.extend(checked.warnings),
        on_progress=look,
        load=partial(Slow, pids),
    )
    told = json.loads(summary.to_json()) | {
        "machines": max(machines),
        "models": len(list(pids.iterdir())),
        "warnings": warnings,
    }
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
