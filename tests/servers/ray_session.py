"""One Ray on this machine for all tests that need it."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import ray
import ray.data

from tests.servers.s3 import S3Server


@pytest.fixture(scope="session")
def ray_session(s3: S3Server) -> Iterator[None]:
    """Ray with 4 CPUs; its workers see the S3 server, whose variables they inherit."""
    _start()
    # pytest would show everything that Ray Data logs for its files.
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    yield
    ray.shutdown()


def _start(tries: int = 3) -> None:
    """Ray itself waits half a minute, which is not enough for a machine that starts all at once."""
    try:
        ray.init(
            address="local",  # And not whatever other Ray runs on this machine.
            num_cpus=4,
            object_store_memory=200_000_000,
            include_dashboard=False,
            logging_level=logging.ERROR,
            log_to_driver=False,
        )
    except Exception:
        ray.shutdown()
        if tries == 1:
            raise
        _start(tries - 1)
