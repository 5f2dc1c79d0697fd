"""Fixtures of the whole suite: the real servers, a small disk and the pretrained weights."""

from __future__ import annotations

import pytest

pytest_plugins = [
    "tests.servers.elasticsearch",
    "tests.servers.s3",
    "tests.servers.ray_session",
    "tests.servers.small_disk",
    "tests.pretrained",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where tests run in several processes, one has all tests of a file, and all of the demo,
    which takes minutes to make."""
    for item in items:
        file = item.nodeid.partition("::")[0]
        group = "demo" if "demo" in getattr(item, "fixturenames", ()) else file
        item.add_marker(pytest.mark.xdist_group(group))
