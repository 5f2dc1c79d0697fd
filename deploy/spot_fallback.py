"""Spot with fall-back: how the autoscaler of `ray up` chooses between node types.

Ray asks for a type that the cloud could not give again and again, for its own scorer does not look
at what became of earlier launches. This one does. Ray imports it where
`RAY_AUTOSCALER_UTILIZATION_SCORER=spot_fallback.prefer_available` is set for the head, and
`AUTOSCALER_NODE_AVAILABILITY_MAX_STALENESS_S` says for how long a failed launch is remembered.

On Kubernetes it is not needed: there Kubernetes chooses the machine.
"""

from __future__ import annotations

from typing import Any

from ray.autoscaler._private.resource_demand_scheduler import _default_utilization_scorer


def prefer_available(
    node_resources: dict[str, float],
    resources: list[dict[str, float]],
    node_type: str,
    *,
    node_availability_summary: Any,
) -> tuple[Any, ...] | None:
    """Ray's own score; a type whose last launch failed comes behind those that can do the work."""
    score = _default_utilization_scorer(
        node_resources,
        resources,
        node_type,
        node_availability_summary=node_availability_summary,
    )
    if score is None:
        return None
    launched = node_availability_summary.node_availabilities.get(node_type)
    spares_gpus, *rest = score
    return (spares_gpus, launched is None or launched.is_available, *rest)
