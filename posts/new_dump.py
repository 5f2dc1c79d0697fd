"""A dump that is being written into an empty place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

from posts.errors import InputError
from posts.files import open_files
from posts.post import Post
from posts.unfinished import UNFINISHED, is_mark, unfinished
from posts.writing import parquet_shards


class NewDump:
    """Dumps written into an empty folder or S3 prefix, each into a folder of it ("" is itself).

    Each bears the mark until all are written, and so does the whole: `posts.dump.Dump` refuses
    what a kill leaves. S3 cannot rename, so that is how it is done everywhere.
    """

    def __init__(self, uri: str, folders: Sequence[str]) -> None:
        self.files = open_files(uri)
        self._marks = [_below(folder, UNFINISHED) for folder in dict.fromkeys(["", *folders])]
        self._written: list[str] = []

    def __enter__(self) -> Self:
        """Raises `InputError` if the place is not empty or cannot be written."""
        for info in self.files.list():
            if is_mark(info.name):
                raise unfinished(self.files.root)
            raise InputError(
                f"{self.files.root} already holds {info.name}; give an empty or a new place"
            )
        try:
            for mark in self._marks:
                self.files.create(mark, b"this dump is not finished\n")
                self._written.insert(0, mark)
        except FileExistsError:
            self._remove()
            raise InputError(f"another job is writing to {self.files.root}; wait for it") from None
        except BaseException:
            self._remove()
            raise
        return self

    def add(self, folder: str, posts: Iterable[Post]) -> None:
        """Writes posts, streamed, as `posts-00001.parquet` and so on."""
        for number, shard in enumerate(parquet_shards(posts), start=1):
            name = _below(folder, f"posts-{number:05d}.parquet")
            self._written.append(name)
            self.files.write(name, shard)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._remove()
            return
        # The whole's own mark goes last: as long as a part has its mark, the whole has one too.
        for mark in reversed(self._marks):
            self.files.delete(mark)

    def _remove(self) -> None:
        """Marks go last; where even that fails they stay, and what is left is refused."""
        with suppress(InputError, OSError):
            for name in reversed(self._written):
                self.files.delete(name)


def _below(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
