"""What was checked before a run begins, dump, model, index and machines, for people to see."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from ray.exceptions import RayError

from indexer.cluster.failures import one_line
from indexer.cluster.ray_session import cluster_nodes, is_cluster, ray_session, spill_folder
from indexer.cluster.reservation import (
    DECODE_CPUS,
    OCR_CPUS,
    Node,
    Reservation,
    fit_memory,
    reserve,
)
from indexer.job import IndexJob
from indexer.preflight.preflight import Preflight, preflight
from indexer.run_id import new_run_id
from model_store.cache import cache_folder
from model_store.footprint import footprint
from posts.errors import InputError, JobError

_LEAST_FREE = 2e9
_LEAST_SHARE = 0.05
"""Of a disk. Ray does not spill to one that is fuller."""


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A run that can begin."""

    preflight: Preflight
    reservation: Reservation
    nodes: tuple[Node, ...]
    actor_bytes: int | None
    """Memory that each actor needs at the least; None: the model's base is not on this machine."""
    documents: int
    """Posts of the live version of the index."""
    dead_letters: str | None
    """Where their file will go."""
    report: str | None
    """Where the run's report will go."""
    warnings: tuple[str, ...]


OnChecked = Callable[[Checked], None]


def check_run(job: IndexJob) -> Checked:
    """Checks all that can be checked and begins nothing; raises `InputError`.

    Starts Ray, or joins its cluster, for as long. Whether another run holds the index is not
    looked at: that takes writing.
    """
    try:
        ready = preflight(job, new_run_id())
        try:
            with ray_session():
                return check_machines(job, ready)
        finally:
            ready.index.close()
    except (JobError, RayError) as error:
        raise InputError(f"the run could not begin: {one_line(error)}") from error


def check_machines(job: IndexJob, ready: Preflight) -> Checked:
    """Whether the machines have room, in a session of Ray; raises `InputError` if not."""
    nodes = cluster_nodes()
    reservation = reserve(
        *(nodes, job.actors, job.cpus_per_actor, job.gpus_per_actor),
        decode_cpus=OCR_CPUS if job.ocr else DECODE_CPUS,
        growing=is_cluster(),
    )
    each = footprint(ready.bundle, on_gpu=reservation.gpus > 0)
    return Checked(
        preflight=ready,
        reservation=fit_memory(reservation, nodes, each, asked=job.actors is not None),
        nodes=tuple(nodes),
        actor_bytes=each,
        documents=0 if ready.live is None else ready.index.count(),
        dead_letters=job.dead_letters_folder,
        report=job.report_folder,
        warnings=(
            *_awaited(reservation),
            *full_disks([spill_folder(), cache_folder("models")]),
        ),
    )


def _awaited(reservation: Reservation) -> list[str]:
    if not reservation.awaited:
        return []
    return [
        f"no machine of the cluster has room for a model actor of {reservation.cpus:g} CPUs and "
        f"{reservation.gpus:g} GPUs yet; the run waits until one comes"
    ]


def full_disks(places: Iterable[Path | None]) -> list[str]:
    """A warning for each disk of this machine that is nearly full, named by a place on it."""
    warnings: dict[int, str] = {}
    for place in places:
        if place is None:
            continue
        existing = next(one for one in (place, *place.parents) if one.exists())
        disk = shutil.disk_usage(existing)
        if disk.free < max(_LEAST_FREE, _LEAST_SHARE * disk.total):
            warnings[existing.stat().st_dev] = (
                f"the disk of {place} has only {disk.free / 1e9:.1f} GB free; a run that needs it, "
                "because memory is short or for a model, would fail"
            )
    return list(warnings.values())
