"""What botocore raises: whether asking again may help, and what `Files` promises instead."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, auto

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    PartialCredentialsError,
    ReadTimeoutError,
    ResponseStreamingError,
)
from botocore.exceptions import ConnectionError as BotoConnectionError
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError

from posts.errors import InputError
from posts.files.s3_client import endpoint

FAILURES = (ClientError, BotoCoreError, ResponseParserError, HTTPError)
"""All that a request may raise; the last two come from bodies that break off."""

_BROKEN = (
    FlexibleChecksumError,
    HTTPError,
    IncompleteReadError,
    ResponseParserError,
    ResponseStreamingError,
)
_LATE = (ReadTimeoutError, ConnectionClosedError)
_MISSING = {"404", "NoSuchKey", "NotFound"}
_CONFLICT = "ConditionalRequestConflict"
_CHANGED = {"412", "PreconditionFailed", "409", _CONFLICT}
_DENIED = {"403", "AccessDenied", "Forbidden"}
_REFUSED = {"ExpiredToken", "InvalidAccessKeyId", "InvalidToken", "SignatureDoesNotMatch"}
_BUSY = {
    "429",
    "InternalError",
    "RequestLimitExceeded",
    "RequestTimeout",
    "ServiceUnavailable",
    "SlowDown",
    "SlowDownRead",
    "SlowDownWrite",
    "Throttling",
    "ThrottlingException",
    "TooManyRequests",
    "TooManyRequestsException",
}
_NOT_IMPLEMENTED = 501


class Trouble(Enum):
    """What may have passed when the server is asked again."""

    BUSY = auto()
    """It asks to slow down, or fails."""
    LATE = auto()
    """The answer did not come, or broke off."""
    UNREACHABLE = auto()
    """There is no connection to it."""
    CONFLICT = auto()
    """Another write to the same key is under way; AWS says to try again."""
    DENIED = auto()
    """The rights are missing, or the server throttles: some say it in the same words."""


def trouble_of(error: Exception) -> Trouble | None:
    """None: the answer would be the same."""
    if isinstance(error, ClientError):
        code, status = _code_and_status(error)
        if code in _BUSY or (status >= 500 and status != _NOT_IMPLEMENTED):
            return Trouble.BUSY
        if code in _DENIED:
            return Trouble.DENIED
        return Trouble.CONFLICT if code == _CONFLICT else None
    if isinstance(error, (*_BROKEN, *_LATE)):
        return Trouble.LATE
    if isinstance(error, (HTTPClientError, BotoConnectionError)):
        return Trouble.UNREACHABLE
    return None


def is_beyond_the_end(error: ClientError) -> bool:
    """Whether a range was asked for that begins behind the end of the file."""
    return _code_and_status(error)[1] == 416


@contextmanager
def translated(root: str, name: str | None = None) -> Iterator[None]:
    """Raises what `Files` promises, for a file below `root` or for the whole place."""
    try:
        yield
    except ClientError as error:
        raise _answer(error, root, name) from None
    except (NoCredentialsError, PartialCredentialsError):
        raise InputError(
            f"no credentials for {root}; set AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY, or a profile"
        ) from None
    except FAILURES as error:
        raise _no_answer(error, root) from None


def _code_and_status(error: ClientError) -> tuple[str, int]:
    code = str(error.response["Error"].get("Code", ""))
    return code, int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _answer(error: ClientError, root: str, name: str | None) -> Exception:
    """What an error that the server sent means."""
    code, status = _code_and_status(error)
    bucket = root.removeprefix("s3://").partition("/")[0]
    if code == "NoSuchBucket" or (code in _MISSING and name is None):
        return InputError(f"there is no bucket {bucket!r}{endpoint()}; check the name")
    if code in _MISSING:
        return FileNotFoundError(errno.ENOENT, "no such file", f"{root}/{name}")
    if code in _CHANGED:
        return FileExistsError(errno.EEXIST, "exists or has changed", f"{root}/{name}")
    if trouble_of(error) is Trouble.BUSY:
        return TimeoutError(f"{root}{endpoint()} is too busy ({code or status})")
    if code in _DENIED or code in _REFUSED or status in (401, 403):
        return InputError(
            f"access to bucket {bucket!r}{endpoint()} was refused ({code}); "
            "check the credentials and their rights"
        )
    return InputError(f"{root}{endpoint()} answered {code or status}; check the URI")


def _no_answer(error: Exception, root: str) -> Exception:
    """What a failure on the way to the server or back means."""
    if isinstance(error, _LATE):
        return TimeoutError(f"{root}{endpoint()} did not answer in time")
    if isinstance(error, _BROKEN):
        return TimeoutError(
            f"{root}{endpoint()} sends answers that break off or are not those of an S3 server"
        )
    if trouble_of(error) is Trouble.UNREACHABLE:
        return InputError(
            f"cannot reach the S3 server of {root}{endpoint()}; check that it runs "
            "and that AWS_ENDPOINT_URL is right"
        )
    return InputError(f"cannot use {root}: {type(error).__name__}; check the AWS settings")
