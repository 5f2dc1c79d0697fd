"""The server: a client with credentials from the environment, and its failures in our words."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any, TypeVar

from elastic_transport import ConnectionError as Unreachable
from elastic_transport import ConnectionTimeout, TlsError, TransportError
from elasticsearch import ApiError, Elasticsearch, UnsupportedProductError

from posts.errors import InputError, JobError

T = TypeVar("T")

_WAITED_FOR_SECONDS = 5.0
"""For a search, which has others behind it, and for a lock, which expires meanwhile."""
_FIRST_SECONDS = 15.0
"""For a request before a run, at an hour at which other jobs begin too; without an answer the
server is taken for unreachable."""
_RUN_SECONDS = 60.0
"""For a request of a run."""
_LONGEST_PAUSE = 20.0
_OVERLOADED = (429, 502, 503, 504)
_CREDENTIALS = (
    "set ELASTICSEARCH_API_KEY, or ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD, "
    "in the environment"
)


class NotYetError(Exception):
    """An answer that came, and says of a part of what was asked to ask again."""


class Server:
    """One Elasticsearch server or cluster; the client is made when first used."""

    def __init__(self, url: str, patience: float) -> None:
        """`patience`: seconds for which a request of a run is tried again and again."""
        self.url = url
        self.patience = patience

    @cached_property
    def client(self) -> Elasticsearch:
        """Waits for answers as long as a run may; never tries again by itself."""
        api_key = os.environ.get("ELASTICSEARCH_API_KEY")
        user = os.environ.get("ELASTICSEARCH_USERNAME")
        ca_certs = os.environ.get("ELASTICSEARCH_CA_CERTS")
        options: dict[str, Any] = {"ca_certs": ca_certs} if ca_certs else {}
        if api_key:
            options["api_key"] = api_key
        elif user:
            options["basic_auth"] = (user, os.environ.get("ELASTICSEARCH_PASSWORD", ""))
        try:
            return Elasticsearch(self.url, request_timeout=_RUN_SECONDS, max_retries=0, **options)
        except (ValueError, OSError) as error:
            raise InputError(
                f"Elasticsearch at {self.url} cannot be used as set up ({_short(error)}); "
                "see the ELASTICSEARCH_ variables of the environment"
            ) from error

    @property
    def impatient(self) -> Elasticsearch:
        return self.client.options(request_timeout=_WAITED_FOR_SECONDS)

    @property
    def at_first(self) -> Elasticsearch:
        return self.client.options(request_timeout=_FIRST_SECONDS)

    @contextmanager
    def as_input_error(self) -> Iterator[None]:
        """For what comes before a run: the first failure is told to the user."""
        try:
            yield
        except (ApiError, TransportError, UnsupportedProductError) as error:
            raise InputError(self._explained(error)) from error

    def persistently(self, request: Callable[[Elasticsearch], T]) -> T:
        """For what a run does: tries again while the server is away or overloaded.

        Or while `request` raises `NotYetError`. Exponential backoff with full jitter; `JobError`
        when the patience is at its end, or at once if the server answers that it will never do it.
        """
        deadline, attempt = time.monotonic() + self.patience, 0
        while True:
            try:
                return request(self.client)
            except (ApiError, TransportError, UnsupportedProductError, NotYetError) as error:
                pause = random.uniform(0, min(_LONGEST_PAUSE, 0.5 * 2**attempt))
                if not _passing(error) or time.monotonic() + pause > deadline:
                    raise JobError(
                        f"{self._explained(error)}; then run again, which resumes"
                    ) from error
            time.sleep(pause)
            attempt += 1

    def _explained(self, error: Exception) -> str:
        """What happened and how to mend it; never with credentials."""
        where = f"Elasticsearch at {self.url}"
        if isinstance(error, UnsupportedProductError):
            return f"the server at {self.url} is not Elasticsearch; give another address"
        if isinstance(error, TlsError):
            return (
                f"{where} has no certificate that is trusted ({_short(error)}); "
                "set ELASTICSEARCH_CA_CERTS to the file with its authority"
            )
        if isinstance(error, ConnectionTimeout):
            return f"{where} does not answer in time; see that it runs and is not overloaded"
        if isinstance(error, Unreachable):
            return f"{where} cannot be reached; see that it runs and that the address is right"
        if isinstance(error, NotYetError):
            return f"{where} cannot answer for now ({_short(error)}); see its health"
        if not isinstance(error, ApiError):
            return f"{where} sent an answer that cannot be read; see that it is Elasticsearch"
        status, reason = error.meta.status, reason_of(error.body)
        if status == 401:
            return f"{where} refuses the credentials; {_CREDENTIALS}"
        if status == 403:
            return f"{where} does not permit this ({reason}); ask for the right to it"
        if status == 406 or "media_type_header_exception" in reason:
            return f"{where} is too old; use Elasticsearch 8.4 or later, or 9"
        if status in _OVERLOADED:
            return f"{where} is overloaded or not ready (HTTP {status}: {reason}); see its logs"
        return f"{where} refused a request (HTTP {status}: {reason}); see its logs and disk"


def reason_of(answer: Any) -> str:
    """Type and first reason of an error as Elasticsearch tells it, shortened."""
    error = answer.get("error", answer) if isinstance(answer, dict) else answer
    if isinstance(error, dict):
        cause = error.get("caused_by") or {}
        parts = [error.get("type"), error.get("reason"), cause.get("reason")]
        error = ": ".join(str(part) for part in parts if part)
    return _short(error)


def _passing(error: Exception) -> bool:
    if isinstance(error, ApiError):
        return error.meta.status in _OVERLOADED
    if isinstance(error, NotYetError):
        return True
    return isinstance(error, TransportError) and not isinstance(error, TlsError)


def _short(text: object) -> str:
    words = " ".join(str(text).split())
    return words if len(words) <= 200 else words[:200] + "..."
