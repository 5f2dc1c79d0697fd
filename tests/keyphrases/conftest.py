"""The command line, run as a shell runs it, and a demo to run it on."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

Keyphrases = Callable[..., subprocess.CompletedProcess[str]]


@dataclass(frozen=True)
class Demo:
    """What `keyphrases demo` left, and what it said."""

    folder: Path
    output: str

    @property
    def dump(self) -> Path:
        return self.folder / "dump"

    @property
    def store(self) -> Path:
        return self.folder / "store"

    @property
    def index(self) -> str:
        return f"embedded:{self.folder / 'index'}"

    def scores(self, who: str) -> dict[str, float]:
        content: dict[str, Any] = json.loads((self.folder / "scores.json").read_bytes())
        found: dict[str, float] = content[who]["cmkp"]["all"]
        return found


def run_keyphrases(
    *arguments: object, timeout: float = 170, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "keyphrases", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=timeout,
        env=env,
    )


@pytest.fixture(scope="session")
def keyphrases() -> Keyphrases:
    """Runs the program with arguments."""
    return run_keyphrases


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """A demo with fewer posts; its tests change nothing of it."""
    folder = tmp_path_factory.mktemp("demo")
    done = run_keyphrases("demo", "--out", folder, "--posts", 800, timeout=400)
    assert done.returncode == 0, done.stderr
    return Demo(folder, done.stdout)
