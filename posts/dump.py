"""The dump: a folder, file or S3 prefix full of posts, cut into fragments and read in parallel."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from posts.duplicates import Duplicates, hash_ids
from posts.errors import InputError, PostError
from posts.files import FileInfo, Files, open_files
from posts.files.s3 import S3Files
from posts.fragment import Fragment
from posts.picture_files import PictureFiles
from posts.pictures import (
    DEFAULT_LIMITS,
    PictureLimits,
    too_many_bytes,
    too_many_bytes_together,
)
from posts.post import Post
from posts.readers import READERS
from posts.unfinished import is_mark, unfinished

BUCKETS_VARIABLE = "KEYPHRASES_IMAGE_BUCKETS"
"""Environment variable: other buckets that pictures may be read from, separated by commas."""

_THREADS = 16


class Dump:
    """Posts in Parquet, JSON Lines and WebDataset files, in order of the files' names.

    Files and folders whose names begin with `.` or `_`, and files of other formats, are no part
    of it; one of them says that a dump is still being written, which is refused. A dump can be
    pickled; a worker needs it only to `read` fragments and fetch pictures.
    """

    def __init__(
        self, files: Files, only: str | None = None, limits: PictureLimits = DEFAULT_LIMITS
    ) -> None:
        """Of `files` all, or `only` one; `Dump.open` is the usual way."""
        self.files = files
        self.only = only
        self.limits = limits
        named = os.environ.get(BUCKETS_VARIABLE, "").split(",")
        buckets = {name.strip(): S3Files(name.strip()) for name in named if name.strip()}
        self._pictures = PictureFiles(files, buckets, limits)
        self._listed: list[tuple[FileInfo, str]] | None = None

    def __getstate__(self) -> dict[str, Any]:
        # Workers are told what to read.
        return self.__dict__ | {"_listed": None}

    @classmethod
    def open(cls, uri: str | Path, limits: PictureLimits = DEFAULT_LIMITS) -> Dump:
        """The dump at a folder, file or s3:// URI, whose files are listed now.

        Raises `InputError` if there is no such place or no file in it that can be read.
        """
        try:
            dump = cls(*_locate(str(uri)), limits)
            listed = dump._data_files()
            if any(READERS[kind].is_readable(dump.files, info) for info, kind in listed):
                return dump
        except TimeoutError as error:
            raise InputError(f"{error}; try again later") from error
        if listed:
            raise InputError(f"no file in {uri} can be read; all are empty or broken")
        raise InputError(
            f"there are no posts in {uri}; give a folder with .parquet, .jsonl, .jsonl.gz, .tar "
            "or .tar.gz files"
        )

    def data_files(self) -> tuple[FileInfo, ...]:
        """The files with posts, in order, as they were when it was opened."""
        return tuple(info for info, _ in self._data_files())

    def fragments(self) -> list[Fragment]:
        """The dump's parts, in order, of the files that were there when it was opened."""
        listed = self._data_files()
        with ThreadPoolExecutor(_THREADS) as threads:
            cuts = threads.map(lambda item: READERS[item[1]].cut(self.files, item[0]), listed)
            parts = [
                (info.name, kind, cut)
                for (info, kind), file_cuts in zip(listed, cuts, strict=True)
                for cut in file_cuts
            ]
        return [
            Fragment(number, name, kind, *cut) for number, (name, kind, cut) in enumerate(parts)
        ]

    def read(self, fragment: Fragment) -> Iterator[Post]:
        """Posts of a fragment in row order, streamed; what is broken is a post with an error."""
        return READERS[fragment.format].read(self.files, fragment, self.limits)

    def ids(self, fragment: Fragment) -> Iterator[tuple[str, str]]:
        """Id and source of each post that `read` yields with an id, without its picture."""
        return READERS[fragment.format].ids(self.files, fragment)

    def places(self, fragment: Fragment) -> Iterator[tuple[str, int]]:
        """Id of each post that `read` yields with an id, and where `read_at` finds it."""
        return READERS[fragment.format].places(self.files, fragment)

    def read_at(self, fragment: Fragment, place: int) -> Post:
        """The post at a place, as far as `picture` needs it, without reading the whole fragment."""
        return READERS[fragment.format].read_at(self.files, fragment.name, place, self.limits)

    def posts(self) -> Iterator[Post]:
        """All posts in order, later ones with a known id marked as duplicates."""
        fragments = self.fragments()
        duplicates = Duplicates.find([hash_ids(self.ids(fragment)) for fragment in fragments])
        for fragment in fragments:
            yield from duplicates.mark(fragment.number, self.read(fragment))

    def picture(self, post: Post, number: int = 0) -> bytes:
        """An encoded picture of a post, from 0, that it has; raises `PostError`."""
        if not 0 <= number < len(post.pictures):
            raise ValueError(f"post {post.id!r} has no picture {number}")
        picture = post.pictures[number]
        if isinstance(picture, str):
            return self._pictures.fetch(picture)
        if len(picture) > self.limits.bytes:
            raise too_many_bytes(self.limits)
        return picture

    def all_pictures(self, post: Post) -> Iterator[bytes | PostError]:
        """Of a post each encoded picture, or why there is none; fetched when it is asked for.

        Ends with an error where they are too large together.
        """
        together = 0
        for number in range(len(post.pictures)):
            try:
                data = self.picture(post, number)
            except PostError as error:
                yield error
                continue
            together += len(data)
            if together > self.limits.together:
                yield too_many_bytes_together(self.limits)
                return
            yield data

    def pictures(self, posts: Sequence[Post]) -> list[bytes | PostError | None]:
        """Of each post its encoded picture, or why there is none, or None if it never had one."""
        with ThreadPoolExecutor(_THREADS) as threads:
            return list(threads.map(self._picture_or_error, posts))

    def picture_versions(self, posts: Sequence[Post]) -> list[str | PostError | None]:
        """Of each post what changes when the picture at its `image_uri` does, without reading it.

        Or why that is not known, or None if the post has no `image_uri`.
        """
        listed = self._pictures.listed_versions(post.image_uri for post in posts if post.image_uri)

        def version(post: Post) -> str | PostError | None:
            return listed.get(post.image_uri or "") or self._version_or_error(post)

        with ThreadPoolExecutor(_THREADS) as threads:
            return list(threads.map(version, posts))

    def _picture_or_error(self, post: Post) -> bytes | PostError | None:
        try:
            return self.picture(post) if post.has_picture else None
        except PostError as error:
            return error

    def _version_or_error(self, post: Post) -> str | PostError | None:
        try:
            return None if post.image_uri is None else self._pictures.version(post.image_uri)
        except PostError as error:
            return error

    def _data_files(self) -> list[tuple[FileInfo, str]]:
        """Files of a dump format by name, with the format; listed once.

        Raises `InputError` where one is being written. The listing is streamed, and of what is not
        read as posts, which may be millions of pictures, nothing is kept.
        """
        if self._listed is None:
            self._listed = sorted(self._found(), key=lambda item: item[0].name)
        return self._listed

    def _found(self) -> Iterator[tuple[FileInfo, str]]:
        for info in self._listing():
            if is_mark(info.name):
                raise unfinished(f"{self.files.root}/{info.name}".rpartition("/")[0])
            kind = _format_of(info.name)
            if kind is not None and (self.only or not _is_hidden(info.name)):
                yield info, kind

    def _listing(self) -> Iterator[FileInfo]:
        if self.only is None:
            yield from self.files.list()
        elif info := self.files.info(self.only):
            yield info


def _locate(uri: str) -> tuple[Files, str | None]:
    """The files of a dump and, if the URI is that of one file, its name."""
    folder, slash, name = uri.rstrip("/").rpartition("/")
    if name and _format_of(name) is not None:
        beside = open_files(folder or slash or ".")
        if beside.info(name) is not None:
            return beside, name
    return open_files(uri), None


def _format_of(name: str) -> str | None:
    lower = name.lower()
    return next((kind for kind, reader in READERS.items() if lower.endswith(reader.suffixes)), None)


def _is_hidden(name: str) -> bool:
    return any(part.startswith((".", "_")) for part in name.split("/"))
