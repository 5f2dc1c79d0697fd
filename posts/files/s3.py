"""All keys below an S3 prefix, on AWS or any server that speaks its protocol."""

from __future__ import annotations

import errno
import io
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from botocore.exceptions import ClientError

from posts.errors import InputError
from posts.files.base import FileInfo
from posts.files.names import check_name
from posts.files.s3_client import WRITE_SECONDS, s3_client
from posts.files.s3_errors import BROKEN_BODY, translated

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import ListObjectsV2OutputTypeDef

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,62}")
_READ_AHEAD = 1 << 20
_BODY_ATTEMPTS = 3


class S3Files:
    """`Files` below `s3://bucket/prefix`.

    Credentials come from the standard chain, another endpoint from `AWS_ENDPOINT_URL_S3` or
    `AWS_ENDPOINT_URL`. The object holds neither, so it can be pickled into any worker.
    """

    def __init__(self, bucket: str, prefix: str = "") -> None:
        if not _BUCKET.fullmatch(bucket):
            raise InputError(f"{bucket[:80]!r} is no bucket name; write s3://bucket/prefix")
        self.bucket = bucket
        self._prefix = prefix.strip("/") + "/" if prefix.strip("/") else ""
        self.root = f"s3://{bucket}/{self._prefix}".rstrip("/")

    def __repr__(self) -> str:
        return f"S3Files({self.root!r})"

    def list(self, below: str = "") -> Iterator[FileInfo]:
        prefix = f"{self._key(below)}/" if below else self._prefix
        pages = s3_client().get_paginator("list_objects_v2")
        with translated(self.root):
            for page in pages.paginate(Bucket=self.bucket, Prefix=prefix):
                yield from self._infos(page)

    def list_page(self, after: str) -> tuple[FileInfo, ...]:
        """Up to 1,000 files whose names come after `after`, in one request."""
        with translated(self.root):
            page = s3_client().list_objects_v2(
                Bucket=self.bucket, Prefix=self._prefix, StartAfter=self._prefix + after
            )
        return tuple(self._infos(page))

    def info(self, name: str) -> FileInfo | None:
        key = self._key(name)
        try:
            with translated(self.root, name):
                head = s3_client().head_object(Bucket=self.bucket, Key=key)
        except FileNotFoundError:
            self._check_bucket()
            return None
        return FileInfo(name, head["ContentLength"], head["ETag"].strip('"'))

    def read(self, name: str, limit: int | None = None) -> bytes:
        if limit == 0:
            return b""
        wanted = {} if limit is None else {"Range": f"bytes=0-{limit - 1}"}
        return self._get(name, wanted)

    def open(self, name: str, start: int = 0) -> BinaryIO:
        info = self.info(name)
        if info is None:
            raise FileNotFoundError(errno.ENOENT, "no such file", f"{self.root}/{name}")
        stream = io.BufferedReader(_RangeReader(self, info), _READ_AHEAD)
        stream.seek(start)
        return cast(BinaryIO, stream)

    def write(self, name: str, data: bytes) -> None:
        self._put(name, data, {})

    def create(self, name: str, data: bytes) -> None:
        self._put(name, data, {"IfNoneMatch": "*"})

    def replace(self, name: str, data: bytes, version: str | None) -> None:
        if version is None:
            self.create(name, data)
            return
        try:
            self._put(name, data, {"IfMatch": f'"{version}"'})
        except FileNotFoundError:
            raise FileExistsError(errno.EEXIST, "deleted meanwhile", name) from None

    def delete(self, name: str) -> None:
        key = self._key(name)
        with translated(self.root, name):
            s3_client().delete_object(Bucket=self.bucket, Key=key)

    def read_range(self, info: FileInfo, start: int, stop: int) -> bytes:
        """Bytes `start` to `stop` of a file that is still as `info` says."""
        wanted = {"Range": f"bytes={start}-{stop - 1}", "IfMatch": f'"{info.version}"'}
        try:
            return self._get(info.name, wanted)
        except FileExistsError:
            raise OSError(f"{self.root}/{info.name} changed while it was read") from None

    def _infos(self, page: ListObjectsV2OutputTypeDef) -> Iterator[FileInfo]:
        for found in page.get("Contents", ()):
            # Keys that end in "/" are the folders some tools draw.
            if not found["Key"].endswith("/"):
                name = found["Key"][len(self._prefix) :]
                yield FileInfo(name, found["Size"], found["ETag"].strip('"'))

    def _key(self, name: str) -> str:
        return self._prefix + check_name(name)

    def _get(self, name: str, wanted: dict[str, Any]) -> bytes:
        key = self._key(name)
        with translated(self.root, name):
            for attempt in range(1, _BODY_ATTEMPTS + 1):
                try:
                    reply = s3_client().get_object(Bucket=self.bucket, Key=key, **wanted)
                except ClientError as error:
                    if error.response["Error"].get("Code") == "InvalidRange":
                        return b""
                    raise
                try:
                    return reply["Body"].read()
                except BROKEN_BODY:
                    # The client has retried the request, but not a body that breaks off.
                    if attempt == _BODY_ATTEMPTS:
                        raise
        raise AssertionError("unreachable")

    def _put(self, name: str, data: bytes, condition: dict[str, Any]) -> None:
        key = self._key(name)
        with translated(self.root, name):
            s3_client(WRITE_SECONDS).put_object(Bucket=self.bucket, Key=key, Body=data, **condition)

    def _check_bucket(self) -> None:
        """A missing key and a missing bucket look alike to HEAD: ask again."""
        with translated(self.root):
            try:
                s3_client().list_objects_v2(Bucket=self.bucket, Prefix=self._prefix, MaxKeys=1)
            except ClientError as error:
                # Who may read but not list knows that the bucket is there.
                if error.response["Error"].get("Code") != "AccessDenied":
                    raise


class _RangeReader(io.RawIOBase):
    """An S3 object as a seekable stream: each read is one range request."""

    def __init__(self, files: S3Files, info: FileInfo) -> None:
        self._files = files
        self._info = info
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._info.size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: Any) -> int:
        stop = min(self._position + len(buffer), self._info.size)
        if stop <= self._position:
            return 0
        data = self._files.read_range(self._info, self._position, stop)
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)
