"""Settings of training that ship with the project, a YAML file for each base."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent

SHIPPED = tuple(sorted(path.stem for path in _FOLDER.glob("*.yaml")))
"""Names of the settings: `small` for the small base and dumps of about two thousand posts, the
others for the set-ups that were published."""

SMALL_CONFIG = _FOLDER / "small.yaml"


def find_config(name: str) -> Path:
    """The file of settings that ship under this name; any other name is a path."""
    return _FOLDER / f"{name}.yaml" if name in SHIPPED else Path(name)
