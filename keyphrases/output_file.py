"""Files that a command writes when its work is done."""

from __future__ import annotations

from pathlib import Path

from posts.errors import InputError


def check_output_file(path: Path | None) -> None:
    """`InputError` if the folder of a file to be written is not there: better told before the
    work than after it. None: there is no such file."""
    if path is not None and not path.parent.is_dir():
        raise InputError(f"{path.parent} is no folder, so {path.name} cannot be put there")
