"""What goes wrong inside tantivy, as errors of this project."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from posts.errors import InputError, JobError

_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
_NO_SPACE_IN_WORDS = ("StorageFull", "No space left", "quota exceeded")
"""In errors of tantivy, which keep no number."""
_LITTLE_BYTES = 1_000_000
"""With less the disk is what a write failed for: tantivy tells no reason when a thread of its own
cannot write."""


@contextmanager
def as_input_error(folder: Path) -> Iterator[None]:
    """For opening: a folder that tantivy cannot read is not an index, or a broken one."""
    try:
        yield
    except (OSError, ValueError, RuntimeError) as error:
        if _says_full(error):
            raise InputError(_full(folder)) from error
        raise InputError(
            f"the index in {folder} cannot be opened ({_short(error)}); "
            "restore the folder or choose another"
        ) from error


@contextmanager
def as_job_error(folder: Path) -> Iterator[None]:
    """For reading and writing an open index, where a full disk is the usual reason."""
    try:
        yield
    except (OSError, ValueError, RuntimeError) as error:
        if _says_full(error) or _has_little_room(folder):
            raise JobError(_full(folder)) from error
        raise JobError(
            f"the index in {folder} cannot be read or written any more ({_short(error)}); "
            "see whether the disk is full, then run again to resume"
        ) from error
    except BaseException as error:
        # A panic in Rust reaches Python as an exception that only BaseException catches.
        if type(error).__name__ != "PanicException":
            raise
        raise JobError(f"the index in {folder} is broken; rebuild it with --rebuild") from error


def _full(folder: Path) -> str:
    return f"the disk of the index in {folder} is full; make room, then run again, which resumes"


def _says_full(error: Exception) -> bool:
    if isinstance(error, OSError) and error.errno in _NO_SPACE:
        return True
    return any(words in str(error) for words in _NO_SPACE_IN_WORDS)


def _has_little_room(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < _LITTLE_BYTES
    except OSError:
        return False


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]
