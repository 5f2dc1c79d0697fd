"""The Ray session of a run: the cluster at RAY_ADDRESS, or one on this machine for as long."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import ray
import ray.data

from indexer.cluster.reservation import Node
from posts.errors import InputError

METRICS_PORT = "KEYPHRASES_METRICS_PORT"
"""Environment variable: where Prometheus finds the metrics of a run without a cluster."""

_ADDRESS = "RAY_ADDRESS"
_REFUSED = (
    "it wants another token than this program has; set RAY_AUTH_MODE=token, and "
    "RAY_AUTH_TOKEN_PATH to a file with the cluster's token"
)
_log = logging.getLogger(__name__)
_LEAST_CPUS = 2
"""A machine with one core runs model and feeding tasks by turns."""


@contextmanager
def ray_session() -> Iterator[None]:
    """Joins or starts Ray, quietly; a session that is already there is used and left alone."""
    if ray.is_initialized():
        yield
        return
    quiet = logging.ERROR
    address = os.environ.get(_ADDRESS)
    local = {"num_cpus": max(_LEAST_CPUS, _cpus()), "include_dashboard": False} | _metrics_port()
    # The core's messages, which come straight to stderr, are for Ray's developers.
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    try:
        with _silent_stderr(), _own_sigterm():
            ray.init(
                address=address or "local",
                logging_level=quiet,
                log_to_driver=False,
                **({} if address else local),
            )
    except Exception as error:
        # Of all kinds: a machine that is too busy to start Ray in time is a bare one.
        where = f"the Ray cluster at {address}" if address else "Ray on this machine"
        why = _REFUSED if _lacks_token(error) else " ".join(str(error).split())[:200]
        raise InputError(f"{where} cannot be reached or started: {why}") from error
    # What a task raised is told by the run, in one line; Ray Data would add its traceback.
    _quieten_ray_data(logging.CRITICAL)
    try:
        yield
    finally:
        ray.shutdown()


def _lacks_token(error: BaseException | None) -> bool:
    """Ray says so far down in what caused its error."""
    while error is not None:
        if "InvalidAuthToken" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


@contextmanager
def _own_sigterm() -> Iterator[None]:
    """Ray takes SIGTERM for itself when it starts; whoever had it before gets it back."""
    handler = signal.getsignal(signal.SIGTERM)
    yield
    if handler is not None and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, handler)


@contextmanager
def _silent_stderr() -> Iterator[None]:
    """For Ray's core, which tells at its start, on file descriptor 2, which log level it was given.

    Where something is wrong Ray raises, so nothing that matters is lost.
    """
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _metrics_port() -> dict[str, int]:
    """Where Ray of this machine shows its metrics, if someone asked for a port that is free.

    Ray's agent would not start with one that is taken, and no run fails for want of metrics.
    """
    wanted = os.environ.get(METRICS_PORT, "")
    if not wanted:
        return {}
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("", int(wanted)))
    except (ValueError, OverflowError, OSError) as error:
        _log.warning("%s=%s is not used: %s", METRICS_PORT, wanted, error)
        return {}
    return {"_metrics_export_port": int(wanted)}


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


def spill_folder() -> Path | None:
    """Where Ray puts on this machine what memory is too short for; None if it does not say."""
    here = ray.get_runtime_context().get_node_id()
    for node in ray.nodes():
        if node["NodeID"] == here:
            # The socket lies in the folder of the session, whose place is what people choose.
            sockets = Path(node.get("ObjectStoreSocketName") or "").parent
            return sockets.parent if sockets.parent.is_dir() else None
    return None


def is_cluster() -> bool:
    """Whether a run is to join a cluster, whose machines may come and go."""
    return bool(os.environ.get(_ADDRESS))


def cluster_nodes() -> list[Node]:
    """The machines of the cluster."""
    alive = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    return [
        Node(cpus=each.get("CPU", 0.0), gpus=each.get("GPU", 0.0), memory=each.get("memory"))
        for each in alive
    ]
