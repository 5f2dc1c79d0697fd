"""A run on a cluster of three machines, one of which leaves it when something is committed.

    python -m tests.faults.cluster_run DUMP INDEX STORE

A process of its own: a cluster of several machines and the Ray of all other tests do not go
together. Prints the run's summary.
"""

from __future__ import annotations

import logging
import sys
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import ray
from ray.cluster_utils import Cluster

from indexer.job import IndexJob
from indexer.progress.watch import Snapshot
from indexer.run import index_dump
from indexer.writing.writer import WriteSettings
from tests.indexer.stand_in import Slow

_MEMORY = 100_000_000


def main(dump: str, index: str, store: str) -> None:
    cluster = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 2, "object_store_memory": _MEMORY}
    )
    others = [cluster.add_node(num_cpus=2, object_store_memory=_MEMORY) for _ in range(2)]
    ray.init(address=cluster.address, logging_level=logging.ERROR, log_to_driver=False)
    pids = Path(dump).with_name("pids")
    pids.mkdir()
    lost: list[Any] = []

    def lose_one(seen: Snapshot) -> None:
        if seen.tally.indexed and not lost:
            # The first may be at work while the others begin; then the next look finds one.
            lost.extend([node for node in others if has_a_model(node, pids)][:1])
            for node in lost:
                cluster.remove_node(node, allow_graceful=False)

    job = IndexJob(
        dump=dump,
        index=index,
        store=store,
        model="tiny@1",
        actors=3,
        # One on each machine: there is no room for a third on two of them.
        cpus_per_actor=1.2,
        model_rows=8,
        write=WriteSettings(posts=16),
    )
    summary = index_dump(job, on_progress=lose_one, load=partial(Slow, pids))
    assert sum(node["Alive"] for node in ray.nodes()) == 2, "no machine was lost"
    ray.shutdown()
    cluster.shutdown()
    # In a line of its own, and the last: Ray has its say on the machine that was lost, too.
    sys.stdout.write(f"\n{summary.to_json()}\n")


def has_a_model(node: Any, pids: Path) -> bool:
    """Whether a model process is a child of the machine's raylet."""
    raylet = node.all_processes["raylet"][0].process.pid
    return any(psutil.Process(int(each.name)).ppid() == raylet for each in pids.iterdir())


if __name__ == "__main__":
    main(*sys.argv[1:])
