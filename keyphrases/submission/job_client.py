"""The job client: what is asked of a cluster's job server, with errors in sentences.

Ray's own client does the talking. It takes the token from `RAY_AUTH_TOKEN` or
`RAY_AUTH_TOKEN_PATH`, where `RAY_AUTH_MODE` is `token`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import queue
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import requests
from ray.exceptions import AuthenticationError
from ray.job_submission import JobDetails, JobSubmissionClient

from keyphrases.submission.head import VARIABLE
from keyphrases.submission.job import Job, Status
from keyphrases.submission.night import has_not_ended
from posts.errors import InputError

EXCLUDED = (
    *(".venv", "venv", ".git", "__pycache__", ".cache", "*_cache", "*.egg-info"),
    *("demo-output", "node_modules", "build", "dist"),
)
"""Of a working directory, what stays here; what its .gitignore names does so too."""

_TIMEOUT = (10.0, 60.0)
"""Seconds to connect and to wait for an answer. Ray's client would wait for ever."""
_SILENCE = 5.0
"""Seconds without news in a log, after which it is worth asking how the job is."""


class UnreachableError(InputError):
    """The head does not answer."""


class UnknownJobError(InputError):
    """The cluster has no job of that id."""


class JobClient:
    """For one cluster. Raises InputError if it cannot be reached, or refuses the token."""

    def __init__(self, url: str) -> None:
        self._url = url
        _quieten_ray()
        # It goes before any address that Ray's client is given, as does RAY_ADDRESS.
        os.environ[VARIABLE] = url
        with self._asking():
            self._client = _Client(url, verify=os.environ.get("REQUESTS_CA_BUNDLE") or True)

    def jobs(self) -> list[Job]:
        """All jobs that were submitted to the cluster, oldest first."""
        with self._asking():
            details = self._client.list_jobs()
        jobs = [_job(each) for each in details if each.submission_id]
        return sorted(jobs, key=lambda job: job.begun or datetime.max.replace(tzinfo=UTC))

    def job(self, id: str) -> Job:
        """Raises UnknownJobError if there is none."""
        with self._asking(id):
            return _job(self._client.get_job_info(id))

    def submit(
        self,
        id: str,
        entrypoint: str,
        env_vars: Mapping[str, str],
        *,
        working_dir: Path | None = None,
        image: str | None = None,
    ) -> None:
        """Gives the cluster the job; InputError if it has one of that id."""
        environment: dict[str, Any] = {"env_vars": dict(env_vars)}
        if working_dir is not None:
            environment |= {"working_dir": str(working_dir), "excludes": list(EXCLUDED)}
        if image is not None:
            environment["image_uri"] = image
        with self._asking(id):
            self._client.submit_job(
                entrypoint=entrypoint, submission_id=id, runtime_env=environment
            )

    def stop(self, id: str) -> None:
        """Asks the job to stop; it may take half a minute to do so."""
        with self._asking(id):
            self._client.stop_job(id)

    def whole_log(self, id: str) -> str:
        """All that the job has written until now."""
        with self._asking(id):
            return str(self._client.get_job_logs(id))

    def log(self, id: str) -> Iterator[str | None]:
        """What the job writes, from its beginning, as it comes; None where nothing came for some
        seconds. Ends when the connection does: after the job's end, or before."""
        news: queue.SimpleQueue[str | Exception | None] = queue.SimpleQueue()
        # Of its own and not waited for: a connection to a lost machine may never end.
        threading.Thread(target=self._read_log, args=(id, news), daemon=True).start()
        while True:
            try:
                item = news.get(timeout=_SILENCE)
            except queue.Empty:
                yield None
                continue
            if item is None:
                return
            if isinstance(item, RuntimeError):
                raise UnreachableError(f"the log of {id} broke off") from item
            if isinstance(item, Exception):
                with self._asking(id):
                    raise item
            else:
                yield item

    def _read_log(self, id: str, news: queue.SimpleQueue[str | Exception | None]) -> None:
        async def read() -> None:
            async for chunk in self._client.tail_job_logs(id):
                news.put(chunk)

        try:
            asyncio.run(read())
            news.put(None)
        except Exception as error:  # noqa: BLE001 - it is raised where the log is read.
            news.put(error)

    @contextlib.contextmanager
    def _asking(self, id: str = "") -> Iterator[None]:
        """Turns the errors of Ray's client, of all kinds, into sentences."""
        try:
            yield
        except aiohttp.WSServerHandshakeError as error:
            raise self._no_log(error.status, id) from error
        except AuthenticationError as error:
            raise self._refused() from error
        except (requests.RequestException, aiohttp.ClientError, OSError) as error:
            raise UnreachableError(
                f"no Ray head answers at {self._url}; see that it runs, and that --address is "
                "its job server's, usually port 8265"
            ) from error
        except (RuntimeError, ValueError, KeyError) as error:
            words = str(error)
            if "already exists" in words and id:
                raise has_not_ended(id) from error
            if "status code 404" in words and id:
                raise self._unknown(id) from error
            raise InputError(
                f"the Ray head at {self._url} cannot be used: {_last_line(words)}"
            ) from error

    def _no_log(self, status: int, id: str) -> InputError:
        if status == 404:
            return self._unknown(id)
        if status in (401, 403):
            return self._refused()
        return UnreachableError(f"the Ray head at {self._url} does not show the log of {id}")

    def _unknown(self, id: str) -> InputError:
        return UnknownJobError(
            f"the cluster at {self._url} has no job {id}; "
            "`keyphrases submit list` shows those that it has"
        )

    def _refused(self) -> InputError:
        return InputError(
            f"the Ray head at {self._url} wants its token; set RAY_AUTH_MODE=token, and "
            "RAY_AUTH_TOKEN or, better, RAY_AUTH_TOKEN_PATH to a file that has it"
        )


class _Client(JobSubmissionClient):
    """Does not wait for ever."""

    def _do_request(self, *arguments: Any, **options: Any) -> Any:
        return super()._do_request(*arguments, **{"timeout": _TIMEOUT} | options)


def _job(details: JobDetails) -> Job:
    return Job(
        id=details.submission_id or "",
        status=Status(details.status.value),
        exit_code=details.driver_exit_code,
        message=details.message or "",
        begun=_moment(details.start_time),
        ended=_moment(details.end_time),
    )


def _moment(milliseconds: int | None) -> datetime | None:
    return datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds else None


def _last_line(words: str) -> str:
    """Where a traceback says what was wrong; Ray's client puts a full stop behind it."""
    lines = [line.strip() for line in words.rstrip(". \n").splitlines() if line.strip()]
    return lines[-1][:300] if lines else "it does not say why"


def _quieten_ray() -> None:
    """Ray's client logs to stderr of its own accord, whatever the program's own level is."""
    for name in ("ray", "ray.dashboard.modules.job.sdk", "ray.dashboard.modules.dashboard_sdk"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
