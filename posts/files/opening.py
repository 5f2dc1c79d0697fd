"""Opening a place with files from what the user wrote."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from posts.errors import InputError
from posts.files.base import Files
from posts.files.local import LocalFiles
from posts.files.s3 import S3Files

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")


def open_files(uri: str) -> Files:
    """`Files` at a path, a `file://` URI or `s3://bucket/prefix`.

    Nothing is read, and nothing need exist yet. Raises `InputError` for any other scheme.
    """
    if not uri:
        raise InputError("an empty path was given; give a folder or s3://bucket/prefix")
    scheme = _SCHEME.match(uri)
    if scheme is None:
        return LocalFiles(uri)
    if scheme[1].lower() == "s3":
        bucket, _, prefix = uri[len("s3://") :].partition("/")
        return S3Files(bucket, prefix)
    if scheme[1].lower() == "file":
        return LocalFiles(_path_of(uri))
    raise InputError(f"{scheme[0]} is not supported; give a folder or s3://bucket/prefix")


def _path_of(uri: str) -> str:
    parts = urlsplit(uri)
    if parts.netloc not in ("", "localhost"):
        raise InputError(f"file://{parts.netloc} is another machine; give a path of this one")
    return unquote(parts.path)
