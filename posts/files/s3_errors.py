"""What botocore raises, turned into what `Files` promises."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

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
from botocore.exceptions import ConnectionError as BotoConnectionError

from posts.errors import InputError
from posts.files.s3_client import endpoint

BROKEN_BODY = (IncompleteReadError, ReadTimeoutError, ResponseStreamingError)
"""An answer that began and broke off; the client itself does not retry those."""

_LATE = (*BROKEN_BODY, ConnectionClosedError)
_MISSING = {"404", "NoSuchKey", "NotFound"}
_CHANGED = {"412", "PreconditionFailed", "409", "ConditionalRequestConflict"}
_REFUSED = {
    "AccessDenied",
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidToken",
    "SignatureDoesNotMatch",
}
_BUSY = {
    "429",
    "RequestTimeout",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
}


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
    except BotoCoreError as error:
        raise _no_answer(error, root) from None


def _answer(error: ClientError, root: str, name: str | None) -> Exception:
    """What an error that the server sent means."""
    code = str(error.response["Error"].get("Code", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    bucket = root.removeprefix("s3://").partition("/")[0]
    if code == "NoSuchBucket" or (code in _MISSING and name is None):
        return InputError(f"there is no bucket {bucket!r}{endpoint()}; check the name")
    if code in _MISSING:
        return FileNotFoundError(errno.ENOENT, "no such file", f"{root}/{name}")
    if code in _CHANGED:
        return FileExistsError(errno.EEXIST, "exists or has changed", f"{root}/{name}")
    if code in _BUSY or status >= 500:
        return TimeoutError(f"{root}{endpoint()} is too busy ({code or status})")
    if code in _REFUSED or status in (401, 403):
        return InputError(
            f"access to bucket {bucket!r}{endpoint()} was refused ({code}); "
            "check the credentials and their rights"
        )
    return InputError(f"{root}{endpoint()} answered {code or status}; check the URI")


def _no_answer(error: BotoCoreError, root: str) -> Exception:
    """What a failure on the way to the server means."""
    if isinstance(error, _LATE):
        return TimeoutError(f"{root}{endpoint()} did not answer in time")
    if isinstance(error, (HTTPClientError, BotoConnectionError)):
        return InputError(
            f"cannot reach the S3 server of {root}{endpoint()}; check that it runs "
            "and that AWS_ENDPOINT_URL is right"
        )
    return InputError(f"cannot use {root}: {type(error).__name__}; check the AWS settings")
