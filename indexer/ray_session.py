"""The Ray session of a run: the cluster at RAY_ADDRESS, or one on this machine for as long."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import ray
import ray.data

from indexer.reservation import Node
from posts.errors import InputError

_LEAST_CPUS = 2
"""A machine with one core runs model and feeding tasks by turns."""


@contextmanager
def ray_session() -> Iterator[None]:
    """Joins or starts Ray, quietly; a session that is already there is used and left alone."""
    if ray.is_initialized():
        yield
        return
    quiet = logging.ERROR
    # The core's messages, which come straight to stderr, are for Ray's developers.
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    address = os.environ.get("RAY_ADDRESS")
    try:
        if address:
            ray.init(address=address, logging_level=quiet, log_to_driver=False)
        else:
            ray.init(
                address="local",
                num_cpus=max(_LEAST_CPUS, _cpus()),
                include_dashboard=False,
                logging_level=quiet,
                log_to_driver=False,
            )
    except (ConnectionError, RuntimeError, TimeoutError) as error:
        where = f"the Ray cluster at {address}" if address else "Ray on this machine"
        why = " ".join(str(error).split())[:200]
        raise InputError(f"{where} cannot be reached or started: {why}") from error
    _quieten_ray_data(quiet)
    try:
        yield
    finally:
        ray.shutdown()


def _quieten_ray_data(level: int) -> None:
    """Ray Data logs to the console of its own accord; its log files keep everything."""
    for handler in logging.getLogger("ray.data").handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setLevel(level)


def _cpus() -> int:
    """CPUs that this process may use, also where a container allows it fewer than there are."""
    allowed = len(os.sched_getaffinity(0))
    quota = Path("/sys/fs/cgroup/cpu.max")
    if quota.exists():
        most, period = quota.read_text().split()
        if most != "max":
            allowed = min(allowed, max(1, int(most) // int(period)))
    return allowed


def cluster_nodes() -> list[Node]:
    """The machines of the cluster."""
    alive = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    return [Node(cpus=each.get("CPU", 0.0), gpus=each.get("GPU", 0.0)) for each in alive]
