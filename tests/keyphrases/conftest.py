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

from model_store.store import Store
from tests.trainer.examples import trainable_base
from trainer.checkpoint import copy_weights
from trainer.config import TrainConfig
from trainer.publication import publish

Keyphrases = Callable[..., subprocess.CompletedProcess[str]]


@dataclass(frozen=True)
class Demo:
    """What `keyphrases demo` left, and what it said."""

    folder: Path
    output: str
    picture_store: Path
    """The store of the model, `random`, that the pictures were shown to."""

    @property
    def dump(self) -> Path:
        return self.folder / "dump"

    @property
    def store(self) -> Path:
        return self.folder / "store"

    @property
    def index(self) -> str:
        return f"embedded:{self.folder / 'index'}"

    @property
    def picture_index(self) -> str:
        return f"embedded:{self.folder / 'pictures-index'}"

    def scores(self, who: str) -> dict[str, float]:
        content: dict[str, Any] = json.loads((self.folder / "scores.json").read_bytes())
        found: dict[str, float] = content[who]["cmkp"]["all"]
        return found


def run_keyphrases(
    *arguments: object, timeout: float = 500, env: dict[str, str] | None = None
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
def random_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the model `random`: it knows nothing, yet answers."""
    folder = tmp_path_factory.mktemp("random")
    base = trainable_base(folder)
    publish(
        *(Store(str(folder / "store")), "random", "run-1", base, copy_weights(base.model)),
        config=TrainConfig(max_new_tokens=16),
        history=[{"epoch": 1, "scores": {"f1": 0.0}, "views": None}],
        best_epoch=1,
        data={},
    )
    return folder / "store"


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, random_store: Path) -> Demo:
    """A demo with fewer posts; its tests change nothing of it."""
    folder = tmp_path_factory.mktemp("demo")
    done = run_keyphrases(
        *("demo", "--out", folder, "--posts", 800),
        *("--store", random_store, "--model", "random"),
        timeout=800,
    )
    assert done.returncode == 0, done.stderr
    return Demo(folder, done.stdout, random_store)
