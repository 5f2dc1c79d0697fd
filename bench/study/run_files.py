"""Run files: one JSON per run, whole or not there at all."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from bench.result import surroundings
from bench.study.conditions import Plan


def is_finished(plan: Plan, folder: Path) -> bool:
    """Whether the folder has the run, made with these very settings."""
    path = _path(plan, folder)
    if not path.exists():
        return False
    return bool(json.loads(path.read_text())["fingerprint"] == plan.fingerprint())


def write_run(plan: Plan, measured: dict[str, Any], folder: Path) -> Path:
    """Writes what a run has measured, and where it comes from."""
    content = {
        "condition": plan.condition.name,
        "noise": plan.condition.noise,
        "seed": plan.seed,
        **_rounded(measured),
        "fingerprint": plan.fingerprint(),
        "settings": plan.settings(),
        **surroundings(),
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = _path(plan, folder)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(content, indent=1) + "\n")
    os.replace(part, path)  # noqa: PTH105 - the name says that it replaces
    return path


def read_runs(folder: Path) -> list[dict[str, Any]]:
    """All runs of a folder, ordered by name."""
    return [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]


def _path(plan: Plan, folder: Path) -> Path:
    return folder / f"{plan.name}.json"


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 5)
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    return [_rounded(one) for one in value] if isinstance(value, list) else value
