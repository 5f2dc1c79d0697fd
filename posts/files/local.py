"""A folder on the local disk."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import stat
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from posts.errors import InputError
from posts.files.base import FileInfo
from posts.files.names import OutsideError, check_name, shown

_UNFINISHED = re.compile(r"\.[0-9a-f]{32}\.part")
_ABSENT = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG}
_UNUSABLE = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.ENOSPC, errno.EDQUOT}


class LocalFiles:
    """`Files` in a folder. The folder need not exist before the first write.

    Links are followed as long as they stay inside; only regular files count as files, so a
    named pipe cannot make a reader wait for ever.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = str(Path(root).resolve())

    def __repr__(self) -> str:
        return f"LocalFiles({self.root!r})"

    def list(self, below: str = "") -> Iterator[FileInfo]:
        folder = self._path(below) if below else Path(self.root)
        if folder.is_dir():
            yield from self._walk(folder, f"{below}/" if below else "")

    def info(self, name: str) -> FileInfo | None:
        with self._usable():
            try:
                status = self._path(name).stat()
            except OSError as error:
                if error.errno in _ABSENT:
                    return None
                raise
        return _info(name, status) if stat.S_ISREG(status.st_mode) else None

    def read(self, name: str, limit: int | None = None) -> bytes:
        with self.open(name) as stream:
            return stream.read(-1 if limit is None else limit)

    def open(self, name: str, start: int = 0) -> BinaryIO:
        if self.info(name) is None:
            raise FileNotFoundError(errno.ENOENT, "no such file", f"{self.root}/{name}")
        with self._usable():
            stream = self._path(name).open("rb")
        stream.seek(start)
        return stream

    def write(self, name: str, data: bytes) -> None:
        self._put(name, data, os.replace)

    def create(self, name: str, data: bytes) -> None:
        self._put(name, data, os.link)

    def replace(self, name: str, data: bytes, version: str | None) -> None:
        if version is None:
            self.create(name, data)
            return
        with self._locked(self._path(name).parent):
            info = self.info(name)
            if info is None or info.version != version:
                raise FileExistsError(errno.EEXIST, "changed meanwhile", f"{self.root}/{name}")
            self.write(name, data)

    def delete(self, name: str) -> None:
        with self._usable():
            # A link goes, not what it points at.
            (self._path(name).parent / name.rpartition("/")[2]).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        """Where a name leads, links resolved."""
        path = Path(os.path.realpath(Path(self.root, check_name(name))))
        if not path.is_relative_to(self.root):
            raise OutsideError(f"{shown(name)} is a link that leaves the folder")
        return path

    def _walk(self, folder: Path, prefix: str) -> Iterator[FileInfo]:
        # A folder sorts as if its name ended in "/": then the order is that of S3's keys.
        with self._usable(), os.scandir(folder) as found:
            entries = sorted(found, key=lambda e: e.name + "/" * e.is_dir(follow_symlinks=False))
        for entry in entries:
            name = prefix + entry.name
            if entry.is_dir(follow_symlinks=False):
                yield from self._walk(Path(entry.path), name + "/")
            elif not _UNFINISHED.fullmatch(entry.name):
                info = self._listed(name)
                if info is not None:
                    yield info

    def _listed(self, name: str) -> FileInfo | None:
        """Info of a directory entry; None if it leads outside or its name is no Unicode."""
        try:
            name.encode()
            return self.info(name)
        except (OutsideError, UnicodeEncodeError):
            return None

    def _put(self, name: str, data: bytes, publish: Callable[[Path, Path], None]) -> None:
        path = self._path(name)
        with self._usable():
            _make_folder(path.parent)
            part = path.parent / f".{uuid.uuid4().hex}.part"
            try:
                _write_through(part, data)
                _date_after(part, path)
                publish(part, path)
            finally:
                part.unlink(missing_ok=True)

    @contextmanager
    def _locked(self, folder: Path) -> Iterator[None]:
        """Holds the folder's lock, so that two conditional writes cannot interleave."""
        try:
            handle = os.open(folder, os.O_RDONLY)
        except FileNotFoundError:
            raise FileExistsError(errno.EEXIST, "deleted meanwhile", str(folder)) from None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    @contextmanager
    def _usable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno not in _UNUSABLE:
                raise
            place = error.filename or self.root
            raise InputError(f"cannot use {place}: {(error.strerror or '').lower()}") from error


def _info(name: str, status: os.stat_result) -> FileInfo:
    return FileInfo(name, status.st_size, f"{status.st_size}-{status.st_mtime_ns}")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise InputError(f"cannot use {folder}: it is a file and not a folder") from error


def _write_through(path: Path, data: bytes) -> None:
    with path.open("xb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _date_after(part: Path, path: Path) -> None:
    """Makes sure that the new content has a new version even if the clock has not ticked."""
    try:
        before = path.stat().st_mtime_ns
    except FileNotFoundError:
        return
    if part.stat().st_mtime_ns <= before:
        os.utime(part, ns=(before + 1, before + 1))
