"""What a reader of one dump format can do, and what every reader needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from posts.errors import PostError, Reason
from posts.files import FileInfo, Files
from posts.fragment import Fragment
from posts.pictures import PictureLimits
from posts.post import Post
from posts.records import broken

FRAGMENT_BYTES = 32 << 20
"""About how much of a file one fragment holds, as stored."""


class Reader(Protocol):
    """Reads the files of one format.

    What is broken inside a file becomes an error of a post. Only a place that cannot be reached
    raises (`InputError`, `TimeoutError`).
    """

    suffixes: tuple[str, ...]
    """Endings of the names of its files, in lower case."""

    def is_readable(self, files: Files, info: FileInfo, /) -> bool:
        """Whether the beginning (Parquet: the footer) of the file is of this format."""
        ...

    def cut(self, files: Files, info: FileInfo, /) -> list[tuple[int, int, int]]:
        """The fragments of a file as (start, stop, bytes)."""
        ...

    def read(self, files: Files, fragment: Fragment, limits: PictureLimits, /) -> Iterator[Post]:
        """Posts of a fragment in row order, streamed."""
        ...

    def ids(self, files: Files, fragment: Fragment, /) -> Iterator[tuple[str, str]]:
        """Id and source of each post that `read` yields with an id, without its picture."""
        ...

    def places(self, files: Files, fragment: Fragment, /) -> Iterator[tuple[str, int]]:
        """Id of each post that `read` yields with an id, and its place in the file."""
        ...

    def read_at(self, files: Files, name: str, place: int, limits: PictureLimits, /) -> Post:
        """The post at a place that `places` gave; of Parquet only what tells of its picture.

        A file that changed meanwhile may give another post, or one with an error. A compressed
        file is read up to the place.
        """
        ...


def raise_if_unreachable(error: BaseException) -> None:
    """A place that does not answer is no broken file: its error goes on, in an `except`."""
    if isinstance(error, TimeoutError):
        raise error


def broken_file(source: str, what: str, error: BaseException) -> Post:
    """The error post of a file that cannot be read, or not beyond `source`."""
    detail = broken(f"{what}: {error or type(error).__name__}").detail
    return Post(id="", source=source, error=PostError(Reason.BROKEN_FILE, detail))
