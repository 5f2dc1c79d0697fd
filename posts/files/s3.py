"""All keys below an S3 prefix, on AWS or any server that speaks its protocol."""

from __future__ import annotations

import errno
import io
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    PartialCredentialsError,
    ReadTimeoutError,
    ResponseStreamingError,
)
from botocore.exceptions import (
    ConnectionError as BotoConnectionError,
)

from posts.errors import InputError
from posts.files.base import FileInfo
from posts.files.names import check_name

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,62}")
_READ_AHEAD = 1 << 20
_BODY_ATTEMPTS = 3
_READ_SECONDS = 10
_WRITE_SECONDS = 60
"""How long to wait for an answer: a server may take its time to store what is big."""

_MISSING = {"404", "NoSuchKey", "NotFound"}
_CHANGED = {"412", "PreconditionFailed", "409", "ConditionalRequestConflict"}
_REFUSED = {
    "401",
    "403",
    "AccessDenied",
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidToken",
    "SignatureDoesNotMatch",
}
_BODY_BROKEN = (IncompleteReadError, ReadTimeoutError, ResponseStreamingError)
_BUSY = {
    "429",
    "RequestTimeout",
    "RequestTimeTooSkewed",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
}

_lock = threading.Lock()


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
        pages = _client().get_paginator("list_objects_v2")
        with self._errors():
            for page in pages.paginate(Bucket=self.bucket, Prefix=prefix):
                for found in page.get("Contents", ()):
                    # Keys that end in "/" are the folders some tools draw.
                    if not found["Key"].endswith("/"):
                        name = found["Key"][len(self._prefix) :]
                        yield FileInfo(name, found["Size"], found["ETag"].strip('"'))

    def info(self, name: str) -> FileInfo | None:
        key = self._key(name)
        try:
            with self._errors(name):
                head = _client().head_object(Bucket=self.bucket, Key=key)
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
        with self._errors(name):
            _client().delete_object(Bucket=self.bucket, Key=key)

    def read_range(self, info: FileInfo, start: int, stop: int) -> bytes:
        """Bytes `start` to `stop` of a file that is still as `info` says."""
        wanted = {"Range": f"bytes={start}-{stop - 1}", "IfMatch": f'"{info.version}"'}
        try:
            return self._get(info.name, wanted)
        except FileExistsError:
            raise OSError(f"{self.root}/{info.name} changed while it was read") from None

    def _key(self, name: str) -> str:
        return self._prefix + check_name(name)

    def _get(self, name: str, wanted: dict[str, Any]) -> bytes:
        key = self._key(name)
        with self._errors(name):
            for attempt in range(1, _BODY_ATTEMPTS + 1):
                try:
                    reply = _client().get_object(Bucket=self.bucket, Key=key, **wanted)
                    return reply["Body"].read()
                except _BODY_BROKEN:
                    # The client retries requests, but not a body that breaks off.
                    if attempt == _BODY_ATTEMPTS:
                        raise
                except ClientError as error:
                    if error.response["Error"].get("Code") == "InvalidRange":
                        return b""
                    raise
        raise AssertionError("unreachable")

    def _put(self, name: str, data: bytes, condition: dict[str, Any]) -> None:
        key = self._key(name)
        with self._errors(name):
            _client(_WRITE_SECONDS).put_object(Bucket=self.bucket, Key=key, Body=data, **condition)

    def _check_bucket(self) -> None:
        """A missing key and a missing bucket look alike to HEAD: ask again."""
        with self._errors():
            try:
                _client().list_objects_v2(Bucket=self.bucket, Prefix=self._prefix, MaxKeys=1)
            except ClientError as error:
                # Who may read but not list knows that the bucket is there.
                if error.response["Error"].get("Code") != "AccessDenied":
                    raise

    @contextmanager
    def _errors(self, name: str | None = None) -> Iterator[None]:
        """Turns what botocore raises, of a file or the whole place, into what `Files` promises."""
        try:
            yield
        except ClientError as error:
            raise self._translated(error, name) from None
        except (NoCredentialsError, PartialCredentialsError):
            raise InputError(
                f"no credentials for {self.root}; set AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY, or a profile"
            ) from None
        except BotoCoreError as error:
            raise self._unreachable(error) from None

    def _translated(self, error: ClientError, name: str | None) -> Exception:
        code = str(error.response["Error"].get("Code", ""))
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        if code == "NoSuchBucket" or (code in _MISSING and name is None):
            return InputError(f"there is no bucket {self.bucket!r}{_endpoint()}; check the name")
        if code in _MISSING:
            return FileNotFoundError(errno.ENOENT, "no such file", f"{self.root}/{name}")
        if code in _CHANGED:
            return FileExistsError(errno.EEXIST, "exists or has changed", f"{self.root}/{name}")
        if code in _BUSY or status >= 500:
            return TimeoutError(f"{self.root}{_endpoint()} is too busy ({code or status})")
        if code in _REFUSED or status in (401, 403):
            return InputError(
                f"access to bucket {self.bucket!r}{_endpoint()} was refused ({code}); "
                "check the credentials and their rights"
            )
        return InputError(f"{self.root}{_endpoint()} answered {code or status}; check the URI")

    def _unreachable(self, error: BotoCoreError) -> Exception:
        late = (ReadTimeoutError, ConnectionClosedError, IncompleteReadError)
        if isinstance(error, (*late, ResponseStreamingError)):
            return TimeoutError(f"{self.root}{_endpoint()} did not answer in time")
        if isinstance(error, (HTTPClientError, BotoConnectionError)):
            return InputError(
                f"cannot reach the S3 server of {self.root}{_endpoint()}; check that it runs "
                "and that AWS_ENDPOINT_URL is right"
            )
        return InputError(f"cannot use {self.root}: {type(error).__name__}; check the AWS settings")


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


def _endpoint() -> str:
    """The custom endpoint as a part of a sentence, without credentials someone put into it."""
    url = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    return " at " + re.sub(r"//[^/@]*@", "//", url) if url else ""


def _client(seconds: int = _READ_SECONDS) -> S3Client:
    """The process's client for the present AWS settings; clients are safe to share by threads."""
    settings = tuple(sorted(item for item in os.environ.items() if item[0].startswith("AWS_")))
    with _lock:
        return _make_client(os.getpid(), settings, seconds)


@lru_cache(maxsize=8)
def _make_client(process: int, settings: tuple[tuple[str, str], ...], seconds: int) -> S3Client:
    # The arguments are the key of the cache: boto3 itself reads the environment.
    del process
    own_server = any(name.startswith("AWS_ENDPOINT_URL") for name, _ in settings)
    try:
        return boto3.Session().client("s3", config=_config(own_server, seconds))
    except (BotoCoreError, ValueError) as error:
        raise InputError(f"the AWS settings do not work: {type(error).__name__}") from error


def _config(own_server: bool, seconds: int) -> Config:
    # Servers other than AWS often know neither bucket host names nor the newer checksums.
    special: dict[str, Any] = {}
    if own_server:
        special = {
            "s3": {"addressing_style": "path"},
            "request_checksum_calculation": "when_required",
            "response_checksum_validation": "when_required",
        }
    return Config(
        connect_timeout=3,
        read_timeout=seconds,
        retries={"mode": "standard", "total_max_attempts": 3},
        max_pool_connections=32,
        **special,
    )
