"""The Ray session of a run: the cluster at RAY_ADDRESS, or one on this machine for as long."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

import ray

from posts.errors import InputError

_SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    # How soon Ray Train notices that a worker has finished or died.
    "RAY_TRAIN_HEALTH_CHECK_INTERVAL_S": "0.5",
}
"""Unless the user has set them."""


@contextmanager
def ray_session() -> Iterator[None]:
    """Joins or starts Ray, quietly; a session that is already there is used and left alone."""
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    if ray.is_initialized():
        yield
        return
    address = os.environ.get("RAY_ADDRESS")
    local = {} if address else {"include_dashboard": False}
    try:
        ray.init(
            address=address or "local", logging_level=logging.ERROR, log_to_driver=False, **local
        )
    except (ConnectionError, RuntimeError, TimeoutError) as error:
        where = f"the Ray cluster at {address}" if address else "Ray on this machine"
        why = " ".join(str(error).split())[:200]
        raise InputError(f"{where} cannot be reached or started: {why}") from error
    try:
        yield
    finally:
        ray.shutdown()
