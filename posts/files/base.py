"""What a place with files can do, whether it is a folder or an S3 prefix."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol


@dataclass(frozen=True, slots=True)
class FileInfo:
    """A file as a listing shows it."""

    name: str
    """Relative to the root, with forward slashes."""
    size: int
    """Bytes."""
    version: str
    """Changes when the content does: the ETag on S3, size and modification time on disk."""


class Files(Protocol):
    """A folder, or all keys below an S3 prefix.

    Names are relative to the root; one that would leave it (`..`, an absolute path, a link that
    points outside) raises `InputError`. A missing file raises `FileNotFoundError`; a server that
    cannot be reached, refuses the credentials or has no such bucket raises `InputError` with one
    sentence that says how to mend it; one that asks to slow down or fails again and again raises
    `TimeoutError`.
    """

    root: str
    """Absolute path or `s3://bucket/prefix`, without a trailing slash."""

    def list(self, below: str = "") -> Iterator[FileInfo]:
        """Files below a folder, recursively, streamed.

        In order of their names, except that some S3 servers keep to an order of their own.
        """
        ...

    def info(self, name: str) -> FileInfo | None:
        """What a listing would show of one file, or None if there is none."""
        ...

    def read(self, name: str, limit: int | None = None) -> bytes:
        """Whole content; with `limit`, at most that many bytes from the start."""
        ...

    def open(self, name: str, start: int = 0) -> BinaryIO:
        """A seekable binary stream for reading, buffered, positioned at `start`."""
        ...

    def write(self, name: str, data: bytes) -> None:
        """Creates or replaces a file; readers see the old content or the new, never a part."""
        ...

    def create(self, name: str, data: bytes) -> None:
        """Like `write`, but raises `FileExistsError` if the file is there, also under a race."""
        ...

    def replace(self, name: str, data: bytes, version: str | None) -> None:
        """Like `write`, if the file is still at `version` (None: absent); else FileExistsError."""
        ...

    def delete(self, name: str) -> None:
        """Removes a file; no error if it is not there."""
        ...
