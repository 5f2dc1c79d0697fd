"""Fixtures of the whole suite: the real servers, a small disk and the pretrained weights."""

from __future__ import annotations

import os

import pytest

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
    which takes minutes to make."""
    for item in items:
        file = item.nodeid.partition("::")[0]
        group = "demo" if "demo" in getattr(item, "fixturenames", ()) else file
        item.add_marker(pytest.mark.xdist_group(group))
