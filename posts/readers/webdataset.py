"""WebDataset: tars in which the members of a post follow one another and share a key."""

from __future__ import annotations

import gzip
import re
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO, cast

from posts.errors import PostError, Reason
from posts.files import FileInfo, Files
from posts.files.names import OutsideError, check_name, shown
from posts.fragment import Fragment
from posts.pictures import PictureLimits, too_many_bytes, too_many_bytes_together
from posts.post import Post
from posts.readers.base import broken_file, raise_if_unreachable
from posts.readers.json_lines import parse_json
from posts.records import (
    LONGEST_TEXT,
    MOST_PICTURES,
    broken,
    known_id,
    parse_record,
    too_many_pictures,
)

_PICTURES = {"jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff"}
_RECORDS = {"json", "txt"}
_NUMBERED = re.compile(r"([0-9]{1,9})\.([a-z]+)")
_FIRST = -1
"""The number of a picture that has none."""
_LONGEST_HEADER = 1 << 20
_BROKEN_TAR = (tarfile.TarError, EOFError, zlib.error, OSError, ValueError, OverflowError)


class WebDatasetReader:
    """Reads `.tar` and `.tar.gz` member by member.

    A post's id is that of its JSON or else its key: the member's path up to the first dot of
    its last part. Its first picture is `KEY.jpg`, further ones are `KEY.1.jpg`, `KEY.2.png` and so
    on, in the order of their numbers. Sources are `file:row`, counting posts.
    """

    suffixes: tuple[str, ...] = (".tar", ".tar.gz")

    def is_readable(self, files: Files, info: FileInfo) -> bool:
        try:
            with closing(files.open(info.name)) as stream:
                return next(_Members(stream, info.name).walk(), None) is not None
        except _BROKEN_TAR as error:
            raise_if_unreachable(error)
            return False

    def cut(self, _files: Files, info: FileInfo) -> list[tuple[int, int, int]]:
        return [(0, info.size, info.size)]

    def read(self, files: Files, fragment: Fragment, limits: PictureLimits) -> Iterator[Post]:
        for source, sample in _samples(files, fragment.name, limits):
            yield _post(source, sample)

    def ids(self, files: Files, fragment: Fragment) -> Iterator[tuple[str, str]]:
        for source, sample in _samples(files, fragment.name, limits=None):
            if isinstance(sample, _Sample) and (post_id := sample.known_id()):
                yield post_id, source

    def places(self, files: Files, fragment: Fragment) -> Iterator[tuple[str, int]]:
        """Places are those of the first member, of a gzipped tar as it is uncompressed."""
        for _, sample in _samples(files, fragment.name, limits=None):
            if isinstance(sample, _Sample) and (post_id := sample.known_id()):
                yield post_id, sample.start

    def read_at(self, files: Files, name: str, place: int, limits: PictureLimits) -> Post:
        for _, sample in _samples(files, name, limits, place):
            return _post(f"{name}@{place}", sample)
        return _post(f"{name}@{place}", EOFError("there is no post"))


@dataclass
class _Sample:
    """The members of one post, as far as they have been read."""

    key: str
    record: dict[str, Any]
    start: int = 0
    """Byte of the tar at which its first member begins."""
    error: PostError | None = None
    """What is wrong with the record."""
    picture_error: PostError | None = None
    pictures: dict[int, bytes] = field(default_factory=dict)
    """Further ones, by their numbers."""
    picture_bytes: int = 0
    kinds: set[str] = field(default_factory=set)
    """Which of record, text and pictures there are, readable or not."""

    @classmethod
    def of(cls, key: str, start: int = 0) -> _Sample:
        return cls(key, {"id": key}, start)

    def known_id(self) -> str:
        return "" if self.error else known_id(self.record)

    def post(self, source: str) -> Post:
        if self.error is not None:
            return Post(id="", source=source, error=self.error)
        record = self.record
        if self.pictures:
            record = record | {"images": [self.pictures[one] for one in sorted(self.pictures)]}
        post = parse_record(record, source)
        if self.picture_error and (post.error is None or post.error.reason is Reason.EMPTY_POST):
            return replace(post, error=self.picture_error)
        return post

    def add_json(self, data: bytes) -> None:
        record = parse_json(data)
        if not isinstance(record, dict):
            raise broken("the JSON is not an object")
        given = {name: value for name, value in record.items() if value is not None}
        self.record = self.record | given

    def add_text(self, data: bytes) -> None:
        try:
            text = data.decode()
        except UnicodeDecodeError:
            raise broken("the text is not UTF-8") from None
        self.record = {"text": text} | self.record

    def add_picture(self, data: bytes, number: int) -> None:
        self.picture_bytes += len(data)
        if number == _FIRST:
            self.record = self.record | {"image": data}
        else:
            self.pictures[number] = data


class _Members:
    """The members of a tar, one after the other, without unbounded reads."""

    def __init__(self, stream: BinaryIO, name: str, start: int = 0) -> None:
        gzipped = name.lower().endswith(".gz")
        self._stream = cast(BinaryIO, gzip.open(stream)) if gzipped else stream  # noqa: SIM115
        self._stream.seek(start)
        self._headers = cast(BinaryIO, _HeaderStream(self._stream))

    def walk(self) -> Iterator[tarfile.TarInfo]:
        tar = tarfile.open(fileobj=self._headers, mode="r:", errors="replace")  # noqa: SIM115
        while (member := tar.next()) is not None:
            if member.size < 0:
                raise tarfile.ReadError("a member of negative size")
            tar.members.clear()  # type: ignore[attr-defined] # or it remembers every member
            yield member
        self._check_end(tar.offset)

    def read(self, member: tarfile.TarInfo) -> bytes:
        self._stream.seek(member.offset_data)
        data = self._stream.read(member.size)
        if len(data) < member.size:
            raise EOFError("the tar ends within the member")
        return data

    def _check_end(self, offset: int) -> None:
        """`tarfile` takes a broken header for the end; a real end is a block of zeros."""
        self._stream.seek(offset)
        block = self._stream.read(tarfile.BLOCKSIZE)
        if len(block) < tarfile.BLOCKSIZE:
            raise tarfile.ReadError("it breaks off without the mark of its end")
        if any(block):
            raise tarfile.ReadError("the header of a member is broken")


class _HeaderStream:
    """What `tarfile` reads headers from: refuses those that claim to be huge."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.seek = stream.seek
        self.tell = stream.tell

    def read(self, size: int) -> bytes:
        if not 0 <= size <= _LONGEST_HEADER:
            raise tarfile.ReadError("a header of a member is too long")
        return self._stream.read(size)


def _samples(
    files: Files, name: str, limits: PictureLimits | None, start: int = 0
) -> Iterator[tuple[str, _Sample | Exception]]:
    """Source and sample of each post, and the error that ends the tar early, if any.

    Without `limits` pictures are passed over unread. `start`: the place of a post.
    """
    row = 1
    sample = _Sample.of("")
    failure: Exception | None = None
    with closing(files.open(name)) as stream:
        try:
            members = _Members(stream, name, start)
            for member in members.walk():
                key, kind = _split(member.name)
                if key != sample.key:
                    if sample.kinds:
                        yield f"{name}:{row}", sample
                        row += 1
                    sample = _Sample.of(key, member.offset)
                _add(sample, kind, member, members, limits)
        except _BROKEN_TAR as error:
            raise_if_unreachable(error)
            failure = error
    if sample.kinds:
        yield f"{name}:{row}", sample
        row += 1
    if failure is not None:
        yield f"{name}:{row}", failure


def _post(source: str, sample: _Sample | Exception) -> Post:
    if isinstance(sample, Exception):
        return broken_file(source, "the tar cannot be read on from here", sample)
    return sample.post(source)


def _split(name: str) -> tuple[str, str]:
    """Key and extension of a member's path."""
    folder, slash, last = name.removeprefix("./").rpartition("/")
    stem, _, extension = last.partition(".")
    return folder + slash + stem, extension.lower()


def _add(
    sample: _Sample,
    extension: str,
    member: tarfile.TarInfo,
    members: _Members,
    limits: PictureLimits | None,
) -> None:
    """Takes a member into its sample; what is wrong with it becomes the sample's error."""
    number = _picture_number(extension)
    kind = extension if number is None else f"picture {number}"
    if member.isdir() or (kind not in _RECORDS and number is None) or kind in sample.kinds:
        return
    sample.kinds.add(kind)
    try:
        _check_path(member)
        if number is None:
            _add_record(sample, kind, member, members)
        else:
            _add_picture(sample, number, member, members, limits)
    except PostError as error:
        sample.error = error


def _picture_number(extension: str) -> int | None:
    """Of the member of a post that is a picture, by what follows the key; None: it is none."""
    if extension in _PICTURES:
        return _FIRST
    numbered = _NUMBERED.fullmatch(extension)
    return int(numbered[1]) if numbered and numbered[2] in _PICTURES else None


def _add_record(sample: _Sample, kind: str, member: tarfile.TarInfo, members: _Members) -> None:
    if not _is_plain(member):
        raise broken(f"{shown(member.name)} is a link or no regular file")
    if member.size > LONGEST_TEXT:
        raise broken(f"{shown(member.name)} has more than {LONGEST_TEXT:,} bytes")
    try:
        data = members.read(member)
    except _BROKEN_TAR as error:
        raise_if_unreachable(error)
        raise broken(f"{shown(member.name)} cannot be read: {error}") from None
    sample.add_json(data) if kind == "json" else sample.add_text(data)


def _add_picture(
    sample: _Sample,
    number: int,
    member: tarfile.TarInfo,
    members: _Members,
    limits: PictureLimits | None,
) -> None:
    count = len(sample.kinds - _RECORDS)
    if not _is_plain(member):
        refused = f"{shown(member.name)} is a link or no regular file"
        sample.picture_error = PostError(Reason.PICTURE_REFUSED, refused)
    elif limits is None:
        sample.add_picture(b"", _FIRST)
    elif member.size > limits.bytes:
        sample.picture_error = too_many_bytes(limits)
    elif count > MOST_PICTURES:
        sample.picture_error = too_many_pictures(count)
        sample.pictures.clear()
    elif sample.picture_bytes + member.size > limits.together:
        sample.picture_error = too_many_bytes_together(limits)
    else:
        try:
            sample.add_picture(members.read(member), number)
        except _BROKEN_TAR as error:
            raise_if_unreachable(error)
            sample.picture_error = PostError(Reason.BROKEN_PICTURE, f"{error}"[:200])


def _check_path(member: tarfile.TarInfo) -> None:
    try:
        check_name(member.name.removeprefix("./"))
    except OutsideError as error:
        raise broken(f"a member is refused: {error}") from None


def _is_plain(member: tarfile.TarInfo) -> bool:
    return member.isreg() and not member.issparse()
