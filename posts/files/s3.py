"""All keys below an S3 prefix, on AWS or any server that speaks its protocol."""

from __future__ import annotations

import errno
import io
import re
import uuid
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar, cast

from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from posts.errors import InputError
from posts.files.base import FileInfo
from posts.files.names import check_name
from posts.files.s3_client import READ_SECONDS, WRITE_SECONDS, s3_client
from posts.files.s3_errors import Trouble, is_beyond_the_end, translated, trouble_of
from posts.files.s3_retry import DENIALS, patience, patiently, place_of

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import HeadObjectOutputTypeDef, ListObjectsV2OutputTypeDef

T = TypeVar("T")

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,62}")
_READ_AHEAD = 1 << 20
_WRITE = "write"
"""Name of the metadata that tells one conditional write from another of the same bytes."""


class S3Files:
    """`Files` below `s3://bucket/prefix`.

    Credentials come from the standard chain, another endpoint from `AWS_ENDPOINT_URL_S3` or
    `AWS_ENDPOINT_URL`. The object holds neither, so it can be pickled into any worker. It takes
    along how patient it is and whether its bucket has answered (see `posts.files.s3_retry`).
    """

    def __init__(self, bucket: str, prefix: str = "") -> None:
        if not _BUCKET.fullmatch(bucket):
            # Somebody may have put a password before the bucket.
            shown = "what stands behind s3://" if "@" in bucket else repr(bucket[:80])
            raise InputError(f"{shown} is no bucket name; write s3://bucket/prefix")
        self.bucket = bucket
        self._prefix = prefix.strip("/") + "/" if prefix.strip("/") else ""
        self.root = f"s3://{bucket}/{self._prefix}".rstrip("/")
        self._patience = patience()

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"answers": place_of(self.bucket).answers}

    def __setstate__(self, state: dict[str, Any]) -> None:
        if state.pop("answers"):
            place_of(state["bucket"]).answers = True
        self.__dict__.update(state)

    def __repr__(self) -> str:
        return f"S3Files({self.root!r})"

    def list(self, below: str = "") -> Iterator[FileInfo]:
        prefix = f"{self._key(below)}/" if below else self._prefix
        page = self._page({"Prefix": prefix})
        yield from self._infos(page)
        while page["IsTruncated"]:
            page = self._page(
                {"Prefix": prefix, "ContinuationToken": page["NextContinuationToken"]}
            )
            yield from self._infos(page)

    def list_page(self, after: str) -> tuple[FileInfo, ...]:
        """Up to 1,000 files whose names come after `after`, in one request."""
        wanted = {"Prefix": self._prefix, "StartAfter": self._prefix + after}
        # Who may read need not be allowed to list, and can do without.
        return tuple(self._infos(self._page(wanted, denials=0)))

    def info(self, name: str) -> FileInfo | None:
        try:
            head = self._head(name)
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
        self._put_if(name, data, {"IfNoneMatch": "*"})

    def replace(self, name: str, data: bytes, version: str | None) -> None:
        if version is None:
            self.create(name, data)
            return
        try:
            self._put_if(name, data, {"IfMatch": f'"{version}"'})
        except FileNotFoundError:
            raise FileExistsError(errno.EEXIST, "deleted meanwhile", name) from None

    def delete(self, name: str) -> None:
        key = self._key(name)
        self._ask(lambda: s3_client().delete_object(Bucket=self.bucket, Key=key), name)

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

    def _ask(self, request: Callable[[], T], name: str | None = None, denials: int = DENIALS) -> T:
        with translated(self.root, name):
            return patiently(request, place_of(self.bucket), self._patience, denials)

    def _page(self, wanted: dict[str, Any], denials: int = DENIALS) -> ListObjectsV2OutputTypeDef:
        def request() -> ListObjectsV2OutputTypeDef:
            page = s3_client().list_objects_v2(Bucket=self.bucket, **wanted)
            # botocore takes an answer that broke off before its first byte for an empty listing.
            if "IsTruncated" not in page:
                raise ResponseParserError("a listing without content")
            return page

        return self._ask(request, denials=denials)

    def _head(self, name: str) -> HeadObjectOutputTypeDef:
        key = self._key(name)
        return self._ask(lambda: s3_client().head_object(Bucket=self.bucket, Key=key), name)

    def _get(self, name: str, wanted: dict[str, Any]) -> bytes:
        key = self._key(name)

        def request() -> bytes:
            try:
                reply = s3_client().get_object(Bucket=self.bucket, Key=key, **wanted)
            except ClientError as error:
                if is_beyond_the_end(error):
                    return b""
                raise
            return reply["Body"].read()

        return self._ask(request, name)

    def _put(self, name: str, data: bytes, more: dict[str, Any]) -> None:
        key = self._key(name)

        def request() -> None:
            # A first answer is waited for by someone, see `posts.files.s3_retry`.
            seconds = WRITE_SECONDS if place_of(self.bucket).answers else READ_SECONDS
            s3_client(seconds).put_object(Bucket=self.bucket, Key=key, Body=data, **more)

        self._ask(request, name)

    def _put_if(self, name: str, data: bytes, condition: dict[str, Any]) -> None:
        """A conditional write; raises `FileExistsError` if the condition does not hold.

        It may not hold because of this very write: an attempt was stored whose answer got lost.
        The bytes would not tell, for another writer may have written the same.
        """
        write = uuid.uuid4().hex
        try:
            self._put(name, data, condition | {"Metadata": {_WRITE: write}})
        except FileExistsError:
            if not self._is_of(name, write):
                raise

    def _is_of(self, name: str, write: str) -> bool:
        try:
            # Some servers change the case of the names.
            return write in self._head(name)["Metadata"].values()
        except FileNotFoundError:
            return False

    def _check_bucket(self) -> None:
        """A missing key and a missing bucket look alike to HEAD: ask again."""
        if place_of(self.bucket).answers:
            return

        def request() -> None:
            try:
                s3_client().list_objects_v2(Bucket=self.bucket, Prefix=self._prefix, MaxKeys=1)
            except ClientError as error:
                # Who may read but not list knows that the bucket is there.
                if trouble_of(error) is not Trouble.DENIED:
                    raise

        self._ask(request)


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
