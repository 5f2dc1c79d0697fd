"""What each worker of a run is given of the machines, checked before anything is launched.

A run that asks for more than there is would wait for ever, and one whose pictures find no CPU
would starve its model; both must be an error that says what to change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import ray
from ray.util.placement_group import placement_group, remove_placement_group

from posts.errors import InputError

_LOADER_CPUS_BESIDE_GPU = 1
"""CPUs a worker with a GPU needs at least for pictures, beside the one that drives the GPU."""

_PLACEMENT_SECONDS = 30


@dataclass(frozen=True, kw_only=True)
class Node:
    """CPUs and GPUs of one machine."""

    cpus: float
    gpus: float


@dataclass(frozen=True, kw_only=True)
class Share:
    """What one worker is given."""

    cpus: int
    threads: int
    """CPUs for the model."""
    loader_threads: int
    """CPUs for decoding pictures and encoding prompts; on a CPU they are the model's own."""


def cluster_nodes() -> list[Node]:
    """The live machines of the Ray cluster that this process is connected to."""
    resources = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    return [Node(cpus=of.get("CPU", 0), gpus=of.get("GPU", 0)) for of in resources]


def share_out(
    nodes: Sequence[Node], free_cpus: float, *, workers: int, gpus_per_worker: int
) -> Share:
    """The largest equal share for so many workers, each whole on one machine.

    Raises InputError that says what to change if there is not enough.
    """
    least = 1 + (_LOADER_CPUS_BESIDE_GPU if gpus_per_worker else 0)
    _check_gpus(nodes, workers * gpus_per_worker)
    sizes = range(least, int(max((node.cpus for node in nodes), default=0)) + 1)
    fitting = [size for size in sizes if _fitting(nodes, size, gpus_per_worker) >= workers]
    cpus = min(max(fitting, default=0), int(free_cpus // workers))
    if cpus < least:
        possible = min(_fitting(nodes, least, gpus_per_worker), int(free_cpus // least))
        advice = f"use --workers {possible}" if possible else "free some or add a machine"
        raise InputError(
            f"--workers {workers} needs {workers * least} CPUs for models and pictures, and Ray "
            f"has {free_cpus:g} free: {advice}"
        )
    loaders = max(1, cpus - 1) if gpus_per_worker else 1
    return Share(cpus=cpus, threads=1 if gpus_per_worker else cpus, loader_threads=loaders)


def check_placement(share: Share, workers: int, gpus_per_worker: int) -> None:
    """Lets Ray set the workers' places aside once, on trial; a launch that cannot be placed would
    wait for ever.

    Sums over machines do not tell: another job may hold just the CPUs that a worker needs together.
    Raises InputError if it takes longer than `_PLACEMENT_SECONDS`.
    """
    bundle = {"CPU": share.cpus, "GPU": gpus_per_worker}
    wanted = {kind: float(amount) for kind, amount in bundle.items() if amount}
    group = placement_group([wanted] * workers)
    try:
        if not group.wait(timeout_seconds=_PLACEMENT_SECONDS):
            raise InputError(
                f"Ray finds no place for {workers} workers of {share.cpus} CPUs each: other jobs "
                "hold some of the machines; wait for them, or lower --workers"
            )
    finally:
        remove_placement_group(group)


def _check_gpus(nodes: Sequence[Node], wanted: int) -> None:
    gpus = int(sum(node.gpus for node in nodes))
    if wanted > gpus:
        advice = f"use --workers {gpus}" if gpus else "use --gpus-per-worker 0"
        raise InputError(f"{wanted} GPUs are wanted, and Ray has {gpus}: {advice}")


def _fitting(nodes: Sequence[Node], cpus: int, gpus_per_worker: int) -> int:
    """Workers of that size that fit on the machines."""
    return sum(
        int(min(node.cpus // cpus, node.gpus if gpus_per_worker else node.cpus)) for node in nodes
    )
