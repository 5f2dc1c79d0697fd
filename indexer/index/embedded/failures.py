"""What goes wrong inside tantivy, as errors of this project."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from posts.errors import InputError, JobError


@contextmanager
def as_input_error(folder: Path) -> Iterator[None]:
    """For opening: a folder that tantivy cannot read is not an index, or a broken one."""
    try:
        yield
    except (OSError, ValueError, RuntimeError) as error:
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
        raise JobError(
            f"the index in {folder} cannot be read or written any more ({_short(error)}); "
            "see whether the disk is full, then run again to resume"
        ) from error
    except BaseException as error:
        # A panic in Rust reaches Python as an exception that only BaseException catches.
        if type(error).__name__ != "PanicException":
            raise
        raise JobError(f"the index in {folder} is broken; rebuild it with --rebuild") from error


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]
