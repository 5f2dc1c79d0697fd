"""A real head that jobs are submitted to, a store, and code that travels."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.indexer.conftest import store
from tests.servers.ray_head import ROOT, RayHead, ray_head

__all__ = ["store"]

SECRET = "hush-hush"
"""Value of KP_SECRET in the environment of the head."""
TRAVELLED = "this code has travelled"
"""What the driver says that stands in the working directory."""


@pytest.fixture(scope="module")
def head() -> Iterator[RayHead]:
    """Remembers the jobs of all tests of a module."""
    with ray_head({"KP_SECRET": SECRET}) as started:
        yield started


@pytest.fixture(scope="session")
def working_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code of this checkout, without what is large."""
    folder = tmp_path_factory.mktemp("code")
    large = shutil.ignore_patterns("__pycache__", "*.safetensors", "pictures")
    for package in ("keyphrases", "trainer", "indexer", "model_store", "posts"):
        shutil.copytree(ROOT / package, folder / package, ignore=large)
    driver = folder / "keyphrases" / "submission" / "driver.py"
    driver.write_text(
        driver.read_text().replace(
            "def main() -> None:", f"def main() -> None:\n    print({TRAVELLED!r}, file=sys.stderr)"
        )
    )
    return folder


def start_submit(head: RayHead, *arguments: object) -> subprocess.Popen[str]:
    """`keyphrases submit`, still running."""
    return subprocess.Popen(
        [sys.executable, "-m", "keyphrases", "submit", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=head.access,
    )


def submit(
    head: RayHead, *arguments: object, timeout: float = 240, **environment: str
) -> subprocess.CompletedProcess[str]:
    """`keyphrases submit`, to its end."""
    return subprocess.run(
        [sys.executable, "-m", "keyphrases", "submit", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=timeout,
        env=head.access | environment,
    )


def told(done: subprocess.CompletedProcess[str]) -> str:
    """The sentence of a refusal, which is all that is said."""
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    return done.stderr
