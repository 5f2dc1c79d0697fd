"""The floors of the house: imports only point down, and neighbours are strangers."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs import-linter with this project's contract over the packages in a folder."""
    program = "from importlinter.cli import lint_imports; import sys; "
    program += "sys.exit(lint_imports(config_filename='pyproject.toml', cache_dir=None))"
    return subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, timeout=60
    )


def test_imports_only_point_down_the_floors():
    done = lint_imports(ROOT)

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("lower", "upper"),
    [
        ("posts", "model_store"),
        ("model_store", "trainer"),
        ("trainer", "indexer"),
        ("indexer", "trainer"),
        ("indexer", "keyphrases"),
    ],
)
def test_an_import_that_points_up_or_sideways_is_caught(tmp_path, lower, upper):
    for package in ("posts", "model_store", "trainer", "indexer", "keyphrases"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    (tmp_path / lower / "climber.py").write_text(f"import {upper}\n")

    done = lint_imports(tmp_path)

    assert done.returncode != 0
    assert f"{lower}.climber" in done.stdout
