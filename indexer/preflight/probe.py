"""Whether files can be written to a place, found out before there is anything to write."""

from __future__ import annotations

import contextlib
from pathlib import Path

from posts.errors import InputError, KeyphraseError
from posts.files import Files, open_files
from posts.files.local import LocalFiles


def probe_writing(folder: str, run: str, what: str, option: str) -> None:
    """Writes a file named after the run and removes it; `InputError` if that cannot be done.

    What is to be written comes at the end of long work: too late to learn that it cannot.
    """
    probe = f".probe-{run}"
    try:
        files = open_files(folder)
        made = _missing_folders(files)
        files.write(probe, b"")
        # Who may write but not delete can still have it written.
        with contextlib.suppress(KeyphraseError, OSError):
            files.delete(probe)
            for one in made:
                one.rmdir()
    except (KeyphraseError, OSError) as error:
        why = " ".join(str(error).split())[:200]
        raise InputError(
            f"{what} cannot be written to {folder}: {why}; choose another {option}"
        ) from error


def _missing_folders(files: Files) -> list[Path]:
    """Folders that writing will make, the innermost first."""
    if not isinstance(files, LocalFiles):
        return []
    root = Path(files.root)
    return [one for one in (root, *root.parents) if not one.exists()]
