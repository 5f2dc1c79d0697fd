"""The S3 client of a process, from the standard AWS settings."""

from __future__ import annotations

import os
import re
import threading
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from posts.errors import InputError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

READ_SECONDS = 10
WRITE_SECONDS = 60
"""How long to wait for an answer: a server may take its time to store what is big."""

_lock = threading.Lock()


def s3_client(seconds: int = READ_SECONDS) -> S3Client:
    """The process's client for the present AWS settings; clients are safe to share by threads."""
    with _lock:
        return _make_client(os.getpid(), aws_settings(), seconds)


def aws_settings() -> tuple[tuple[str, str], ...]:
    """All that the environment says for AWS, credentials too: a key for what depends on it."""
    return tuple(sorted(item for item in os.environ.items() if item[0].startswith("AWS_")))


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
        # See `posts.files.s3_retry`, which asks again.
        retries={"mode": "standard", "total_max_attempts": 1},
        max_pool_connections=32,
        **special,
    )


def endpoint() -> str:
    """The custom endpoint as a part of a sentence, without credentials someone put into it."""
    url = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    return " at " + re.sub(r"//[^/@]*@", "//", url) if url else ""
