"""Fixtures of the whole suite: the real servers, a small disk and the pretrained weights."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

# The same examples each time, however long a busy machine takes for one: a change is not refused
# for what another one did. See docs/development.md.
settings.register_profile(
    "suite", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("suite")

if "PYTEST_XDIST_WORKER" in os.environ:
    # Threads of torch spin while they wait for each other, which slows what runs beside them.
    os.environ.setdefault("OMP_NUM_THREADS", "1")

pytest_plugins = [
    "tests.servers.chromium",
    "tests.servers.elasticsearch",
    "tests.servers.s3",
    "tests.servers.ray_session",
    "tests.servers.small_disk",
    "tests.pretrained",
]


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where tests run in several processes, one has all tests of a file, and all of the demo,
    which takes minutes to make; what takes longest comes first."""
    for item in items:
        file = item.nodeid.partition("::")[0]
        item.add_marker(pytest.mark.xdist_group("demo" if _is_of_demo(item) else file))
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    """0 comes first."""
    if _is_of_demo(item):
        return 0
    if item.get_closest_marker("faults") is not None:
        return 1
    return 2 if "ray_session" in getattr(item, "fixturenames", ()) else 3


def _is_of_demo(item: pytest.Item) -> bool:
    return "demo" in getattr(item, "fixturenames", ())
