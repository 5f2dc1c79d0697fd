"""Where the run's own actors live: with the driver, without CPUs of their own."""

from __future__ import annotations

from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy


def on_this_node() -> dict[str, Any]:
    """Options of `ray.remote` for an actor on this machine."""
    here = ray.get_runtime_context().get_node_id()
    return {
        "num_cpus": 0,
        "scheduling_strategy": NodeAffinitySchedulingStrategy(here, soft=False),
    }
