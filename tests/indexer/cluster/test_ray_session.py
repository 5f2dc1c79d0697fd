"""Ray that does not start is told in one line, and metrics have a port where someone asks."""

from __future__ import annotations

import socket
from typing import Any

import pytest
import ray

from indexer.cluster.ray_session import METRICS_PORT, ray_session
from posts.errors import InputError


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """With what Ray was started; it never is."""
    calls: list[dict[str, Any]] = []

    def init(**options: Any) -> None:
        calls.append(options)
        raise Exception("The current node timed out\nduring startup")

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", init)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    return calls


def start() -> str:
    with pytest.raises(InputError) as refused, ray_session():
        pass
    return str(refused.value)


def test_a_machine_that_is_too_busy_to_start_ray_is_told_in_one_line(
    started: list[dict[str, Any]],
) -> None:
    assert start() == (
        "Ray on this machine cannot be reached or started: The current node timed out during "
        "startup"
    )


def test_metrics_have_the_port_that_is_asked_for_if_it_is_free(
    started: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as taken:
        taken.bind(("", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for wanted in ("", "many", "70000", str(port)):
            monkeypatch.setenv(METRICS_PORT, wanted)
            start()
            assert "_metrics_export_port" not in started[-1]
    start()
    assert started[-1]["_metrics_export_port"] == port
