"""A cluster that grows and shrinks: Ray's own autoscaler, whose machines are processes here.

Ray's provider for that purpose starts them; what decides when, and how many, is what decides on a
real cluster.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import ray

from tests.servers.ports import free_port

_MEMORY = 100_000_000
_RAY = Path(sys.executable).with_name("ray")


@contextmanager
def growing_cluster(
    folder: Path, *, head_cpus: int, worker: dict[str, int], most: int
) -> Iterator[dict[str, str]]:
    """The environment of a driver that is to join.

    The head has so many CPUs. Up to `most` machines with the resources of `worker` come when there
    is work for them, and go when they have been idle for six seconds.
    """
    # Not loopback: the machines that come have no choice of their own.
    here, port = ray.util.get_node_ip_address(), free_port()
    address = f"{here}:{port}"
    config = folder / "autoscaling.yaml"
    config.write_text(json.dumps(_config(address, head_cpus, worker, most)))
    command = [
        *(_RAY, "start", "--head", "--block", f"--autoscaling-config={config}"),
        *(f"--node-ip-address={here}", f"--port={port}"),
        *("--dashboard-agent-listen-port=0", f"--ray-client-server-port={free_port()}"),
        *(f"--num-cpus={head_cpus}", f"--object-store-memory={_MEMORY}"),
        *("--include-dashboard=false", "--disable-usage-stats"),
    ]
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(16)}
    surroundings = token | {
        "RAY_FAKE_CLUSTER": "1",
        "AUTOSCALER_UPDATE_INTERVAL_S": "1",
        "RAY_OVERRIDE_NODE_ID_FOR_TESTING": _HEAD,
    }
    with (folder / "head.log").open("wb") as log:
        head = subprocess.Popen(
            command, env=os.environ | surroundings, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        _wait(head, folder / "head.log")
        yield token | {"RAY_ADDRESS": address}
    finally:
        family = [psutil.Process(head.pid), *psutil.Process(head.pid).children(recursive=True)]
        for process in family:
            _kill(process)
        head.wait()


_HEAD = "f" * 55 + "0"


def _config(address: str, head_cpus: int, worker: dict[str, int], most: int) -> dict[str, Any]:
    return {
        "cluster_name": "growing",
        "max_workers": most,
        "idle_timeout_minutes": 0.1,
        "upscaling_speed": 1.0,
        "provider": {
            "type": "fake_multinode",
            "head_node_id": _HEAD,
            "gcs_address": address,
            "use_node_id_as_ip": True,
            "disable_node_updaters": True,
            "disable_launch_config_check": True,
        },
        "auth": {},
        "available_node_types": {
            "ray.head.default": {
                "resources": {"CPU": head_cpus},
                "node_config": {},
                "max_workers": 0,
            },
            "worker": {
                "resources": {**worker, "object_store_memory": _MEMORY},
                "node_config": {},
                "min_workers": 0,
                "max_workers": most,
            },
        },
        "head_node_type": "ray.head.default",
        "head_node": {},
        "worker_nodes": {},
        "file_mounts": {},
        "cluster_synced_files": [],
        "file_mounts_sync_continuously": False,
        "rsync_exclude": [],
        "rsync_filter": [],
        "initialization_commands": [],
        "setup_commands": [],
        "head_setup_commands": [],
        "worker_setup_commands": [],
        "head_start_ray_commands": [],
        "worker_start_ray_commands": [],
    }


def _wait(head: subprocess.Popen[bytes], log: Path) -> None:
    # Its port answers long before it takes drivers.
    while head.poll() is None:
        if "Ray runtime started" in log.read_text():
            return
        time.sleep(0.2)
    raise RuntimeError(f"the head of the cluster did not start: {log.read_text()[-500:]}")


def _kill(process: psutil.Process) -> None:
    with suppress(psutil.NoSuchProcess):
        process.kill()
