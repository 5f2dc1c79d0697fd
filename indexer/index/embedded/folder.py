"""The folder of an embedded index: its versions, the pointer to the live one, and the lock.

PATH/current        {"version": 2}, replaced atomically
PATH/000002/        a table of documents, its arrays, and build.json: its build and milestones
PATH/version.new/   a version until it is whole
PATH/dead/          a table of dead letters
PATH/lock           held with flock by the run that writes; its content names the run
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from indexer.index.builds import build_from_json, milestones_from_json, version_to_json
from indexer.index.embedded.failures import as_input_error, as_job_error
from indexer.index.records import Build, Milestones
from posts.errors import InputError

T = TypeVar("T")

_POINTER, _LOCK, _BUILD, _TABLE = "current", "lock", "build.json", "meta.json"
_VERSION = re.compile(r"\d{6,}")


class IndexFolder:
    """Finds, creates and removes what lies in the folder; knows nothing of its tables."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.dead = path / "dead"
        self.draft = path / "version.new"

    def check(self) -> None:
        """`InputError` unless this is an index, an empty folder or a place for one."""
        path = self.path
        if not path.exists():
            parent = next(folder for folder in path.parents if folder.exists())
            if not (parent.is_dir() and os.access(parent, os.W_OK)):
                raise InputError(f"{path} cannot be created; choose a folder that is writable")
            return
        if not path.is_dir():
            raise InputError(f"{path} is a file; an embedded index is a folder")
        with as_input_error(path):
            foreign = not (path / _POINTER).exists() and not all(map(self._is_ours, path.iterdir()))
        if foreign:
            raise InputError(f"{path} holds other files and no index; choose another folder")
        if not os.access(path, os.W_OK):
            raise InputError(f"the index in {path} is not writable; see its permissions")

    @contextmanager
    def lock(self, run: str) -> Iterator[None]:
        """The system drops the lock when its process dies, so a dead run holds nothing."""
        self.check()
        with as_input_error(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            file = (self.path / _LOCK).open("a+")
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise InputError(
                    f"run {_holder(file)} is writing to the index in {self.path}; "
                    "wait until it has ended"
                ) from error
            with as_input_error(self.path):
                _overwrite(file, run)
            try:
                yield
            finally:
                # Nobody shall take this run for the next one, in the moment before that is named.
                with suppress(OSError):
                    _overwrite(file, "")

    def live(self) -> int | None:
        """Number of the live version, or None if there is no index yet."""
        pointer = self.path / _POINTER
        if not pointer.exists():
            self._refuse_foreign()
            return None
        with as_input_error(self.path):
            return int(_object(pointer)["version"])

    def point_to(self, number: int) -> None:
        """Makes a version the live one, in one step."""
        with as_job_error(self.path):
            _write_durably(self.path / _POINTER, {"version": number})

    def numbers(self) -> list[int]:
        """All versions that have their build, finished or not, by number."""
        with as_input_error(self.path):
            found = [path.parent for path in self.path.glob(f"*/{_BUILD}")]
        return sorted(int(path.name) for path in found if _VERSION.fullmatch(path.name))

    def version(self, number: int) -> Path:
        return self.path / f"{number:06}"

    def build(self, number: int) -> Build:
        return self._stored(number, build_from_json)

    def milestones(self, number: int) -> Milestones:
        return self._stored(number, milestones_from_json)

    def note(self, number: int, milestones: Milestones) -> None:
        """Records how far a version has come."""
        content = version_to_json(self.build(number), milestones)
        with as_job_error(self.path):
            _write_durably(self.version(number) / _BUILD, content)

    def adopt_draft(self, build: Build) -> int:
        """Makes the table in `draft` a version above all others."""
        number = max(self.numbers(), default=0) + 1
        with as_job_error(self.path):
            _write_durably(self.draft / _BUILD, version_to_json(build, Milestones()))
            # Fails, as it should, if a folder of that name holds anything.
            self.draft.rename(self.version(number))
        return number

    def remove(self, number: int) -> None:
        """Searches that have it open go on; the system frees the space after them.

        A removal that is killed leaves a version without rows, never half a table.
        """
        folder = self.version(number)
        with suppress(OSError):
            (folder / _TABLE).unlink(missing_ok=True)
            for path in folder.iterdir():
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                elif path.name != _BUILD:
                    path.unlink()
        shutil.rmtree(folder, ignore_errors=True)

    def _stored(self, number: int, read: Callable[[dict[str, Any]], T]) -> T:
        with as_input_error(self.path):
            try:
                return read(_object(self.version(number) / _BUILD))
            except (KeyError, TypeError) as error:
                raise ValueError(f"{_BUILD} of version {number} is broken") from error

    def _is_ours(self, entry: Path) -> bool:
        """Whether a run that was killed before there was a pointer may have left this."""
        if entry in (self.dead, self.draft):
            return _is_young_table(entry)
        if _VERSION.fullmatch(entry.name):
            return entry.is_dir() and ((entry / _BUILD).is_file() or not any(entry.iterdir()))
        return entry.name in (_LOCK, _draft(self.path / _POINTER).name) and entry.is_file()

    def _refuse_foreign(self) -> None:
        if self.path.exists():
            self.check()


def _object(path: Path) -> dict[str, Any]:
    content = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict) or not content:
        raise ValueError(f"{path.name} is broken")
    return content


def _is_young_table(folder: Path) -> bool:
    """A table, or what there is of one before it has its first file of a plain name."""
    if not folder.is_dir():
        return False
    names = {path.name for path in folder.iterdir()}
    return _TABLE in names or all(name.startswith(".") for name in names)


def _draft(path: Path) -> Path:
    return path.with_name(path.name + ".new")


def _write_durably(path: Path, content: dict[str, Any]) -> None:
    """Readers see the old content or the new, also after a power cut."""
    draft = _draft(path)
    with draft.open("w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _holder(file: Any) -> str:
    """The run that has the lock; it writes its name a moment after it has taken it."""
    for _ in range(100):
        file.seek(0)
        if name := file.read().strip():
            return str(name)
        time.sleep(0.01)
    return "of unknown name"


def _overwrite(file: Any, text: str) -> None:
    file.seek(0)
    file.truncate()
    file.write(text)
    file.flush()
