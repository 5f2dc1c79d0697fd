"""JSON Lines: a post per line, plain or gzipped, pictures as files beside it."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from contextlib import closing
from typing import Any, BinaryIO, cast

import orjson

from posts.errors import PostError
from posts.files import FileInfo, Files
from posts.fragment import Fragment
from posts.pictures import PictureLimits
from posts.post import Post
from posts.readers.base import FRAGMENT_BYTES, broken_file, raise_if_unreachable
from posts.records import broken, known_id, parse_record

LONGEST_LINE = 16 << 20
"""Bytes; a longer line is an error and is skipped in small pieces."""

_PIECE = 1 << 20
_BOM = b"\xef\xbb\xbf"
_GZIP = b"\x1f\x8b"
_BROKEN_FILE = (EOFError, zlib.error, OSError)


class JsonLinesReader:
    """Reads `.jsonl` in byte ranges and `.jsonl.gz` whole.

    A line belongs to the range in which it begins. Sources are `file:line` in the first range
    and `file@byte:line` in later ones, counted from that byte on, so that no range need know
    the others and appending to a file leaves the sources as they were.
    """

    suffixes: tuple[str, ...] = (".jsonl", ".jsonl.gz")

    def is_readable(self, files: Files, info: FileInfo) -> bool:
        start = files.read(info.name, len(_GZIP))
        return start == _GZIP if _is_gzip(info.name) else bool(start)

    def cut(self, _files: Files, info: FileInfo) -> list[tuple[int, int, int]]:
        if _is_gzip(info.name):
            return [(0, info.size, info.size)]
        starts = range(0, info.size, FRAGMENT_BYTES)
        stops = [min(start + FRAGMENT_BYTES, info.size) for start in starts]
        return [(start, stop, stop - start) for start, stop in zip(starts, stops, strict=True)]

    def read(self, files: Files, fragment: Fragment, _limits: PictureLimits) -> Iterator[Post]:
        source = ""
        try:
            for source, _, line in _lines(files, fragment):
                try:
                    yield parse_record(_parse(line), source)
                except PostError as error:
                    yield Post(id="", source=source, error=error)
        except _BROKEN_FILE as error:
            raise_if_unreachable(error)
            after = source or f"{fragment.name}@{fragment.start}"
            yield broken_file(f"{after}+", "the file cannot be read on from here", error)

    def ids(self, files: Files, fragment: Fragment) -> Iterator[tuple[str, str]]:
        return ((post_id, source) for post_id, source, _ in _known(files, fragment))

    def places(self, files: Files, fragment: Fragment) -> Iterator[tuple[str, int]]:
        """Places are bytes from the beginning, of a gzipped file as it is uncompressed."""
        return ((post_id, start) for post_id, _, start in _known(files, fragment))

    def read_at(self, files: Files, name: str, place: int, _limits: PictureLimits) -> Post:
        source = f"{name}@{place}"
        try:
            with closing(files.open(name, 0 if _is_gzip(name) else place)) as stream:
                if _is_gzip(name):
                    stream = cast(BinaryIO, gzip.open(stream))  # noqa: SIM115 - its source is
                    stream.seek(place)
                line = stream.readline(LONGEST_LINE + 1)
        except _BROKEN_FILE as error:
            raise_if_unreachable(error)
            return broken_file(source, "the file cannot be read here", error)
        try:
            whole = len(line) <= LONGEST_LINE or line.endswith(b"\n")
            content = line.removeprefix(_BOM).strip() if whole else None
            return parse_record(_parse(content), source)
        except PostError as error:
            return Post(id="", source=source, error=error)


def parse_json(data: bytes) -> Any:
    """The JSON value; raises `PostError` BROKEN_RECORD."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        # orjson refuses half a surrogate pair, which careless writers leave when they cut text.
        if b"\\ud" in data.lower():
            return _parse_leniently(data)
        raise broken(f"not JSON: {error}") from None


def _parse_leniently(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise broken(f"not JSON: {error}") from None


def _is_gzip(name: str) -> bool:
    return name.lower().endswith(".gz")


def _parse(line: bytes | None) -> Any:
    if line is None:
        raise broken(f"the line is longer than {LONGEST_LINE:,} bytes")
    return parse_json(line)


def _known(files: Files, fragment: Fragment) -> Iterator[tuple[str, str, int]]:
    """Id, source and place of each post that has an id, up to where the file is broken."""
    try:
        for source, start, line in _lines(files, fragment):
            try:
                post_id = known_id(_parse(line))
            except PostError:
                continue
            if post_id:
                yield post_id, source, start
    except _BROKEN_FILE as error:
        raise_if_unreachable(error)


def _lines(files: Files, fragment: Fragment) -> Iterator[tuple[str, int, bytes | None]]:
    """Source, place and content of each line that is not blank; None for one that is too long."""
    name = fragment.name if fragment.start == 0 else f"{fragment.name}@{fragment.start}"
    with closing(files.open(fragment.name, max(fragment.start - 1, 0))) as stream:
        if _is_gzip(fragment.name):
            stream = cast(BinaryIO, gzip.open(stream))  # noqa: SIM115 - closed with its source
        position = fragment.start
        if fragment.start > 0:
            # The line that began before the range is the previous range's.
            position += _skip_line(stream) - 1
        row = 0
        while _is_gzip(fragment.name) or position < fragment.stop:
            line = stream.readline(LONGEST_LINE + 1)
            if not line:
                return
            row += 1
            start = position
            position += len(line)
            if len(line) > LONGEST_LINE and not line.endswith(b"\n"):
                position += _skip_line(stream)
                yield f"{name}:{row}", start, None
                continue
            content = line.removeprefix(_BOM).strip() if row == 1 else line.strip()
            if content:
                yield f"{name}:{row}", start, content


def _skip_line(stream: BinaryIO) -> int:
    """Reads to the end of the line, in pieces; returns how many bytes that took."""
    skipped = 0
    while piece := stream.readline(_PIECE):
        skipped += len(piece)
        if piece.endswith(b"\n"):
            break
    return skipped
