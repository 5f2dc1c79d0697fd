"""Asking a job server that answers as Ray's does when something is wrong."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest
from aiohttp import web

from keyphrases.submission.job import Status
from keyphrases.submission.job_client import JobClient, UnknownJobError, UnreachableError
from posts.errors import InputError

ID = "posts-2026-11-26-1"
DETAILS = {
    "type": "SUBMISSION",
    "submission_id": ID,
    "status": "FAILED",
    "entrypoint": "true",
    "driver_exit_code": 2,
    "start_time": 1795659459000,
    "end_time": 1795659460500,
}


class Server:
    """Knows one job. `answers` take the place of its own, by path."""

    def __init__(self) -> None:
        self.answers: dict[str, web.Response] = {}
        self.log: list[str] = ["one\n", "two\n"]
        self.breaks = False
        self.url = ""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def start(self) -> None:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(30)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if (own := self.answers.get(f"{request.method} {request.path}")) is not None:
            return web.Response(status=own.status, text=own.text)
        if request.path == "/api/version":
            return web.json_response({"version": "4", "ray_version": "2.60.0", "ray_commit": ""})
        if request.path == "/api/jobs/" and request.method == "GET":
            others = {"type": "DRIVER", "job_id": "01", "status": "RUNNING", "entrypoint": ""}
            return web.json_response([others, DETAILS])
        if request.path == f"/api/jobs/{ID}":
            return web.json_response(DETAILS)
        if request.path == f"/api/jobs/{ID}/logs/tail":
            return await self._tail(request)
        return web.Response(status=404, text="Job does not exist")

    async def _tail(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        for chunk in self.log:
            await socket.send_str(chunk)
        if self.breaks:
            assert request.transport is not None
            request.transport.abort()
        return socket


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    # The client sets it; this puts it back.
    monkeypatch.setenv("RAY_API_SERVER_ADDRESS", "http://elsewhere:1")
    server = Server()
    server.start()
    yield server
    server.stop()


def refuse(status: int, text: str = "") -> web.Response:
    return web.Response(status=status, text=text)


def test_the_address_goes_before_those_of_the_environment(server: Server) -> None:
    (job,) = JobClient(server.url).jobs()
    assert (job.id, job.status, job.exit_code) == (ID, Status.FAILED, 2)
    assert job.begun is not None
    assert job.ended is not None
    assert (job.ended - job.begun).total_seconds() == 1.5


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_says_which_variables_to_set(server: Server, status: int) -> None:
    server.answers["GET /api/version"] = refuse(status, "Unauthorized")
    with pytest.raises(InputError, match=r"RAY_AUTH_MODE=token.*RAY_AUTH_TOKEN_PATH"):
        JobClient(server.url)


@pytest.mark.parametrize("answer", [refuse(200, "<html>"), refuse(200, "{}"), refuse(500)])
def test_another_server_is_told(server: Server, answer: web.Response) -> None:
    server.answers["GET /api/version"] = answer
    with pytest.raises(InputError, match=server.url):
        JobClient(server.url)


def test_of_two_submitters_at_the_same_moment_the_slower_is_told_of_the_other(
    server: Server,
) -> None:
    taken = f"Traceback\n  a line\nValueError: Job with submission_id {ID} already exists. Please"
    server.answers["POST /api/jobs/"] = refuse(500, taken)
    with pytest.raises(InputError, match=f"^{ID} has not ended; .*submit logs {ID}"):
        JobClient(server.url).submit(ID, "true", {})


def test_of_a_traceback_only_its_end_is_told(server: Server) -> None:
    server.answers["POST /api/jobs/"] = refuse(500, "Traceback\n  a line\nOSError: no room\n")
    with pytest.raises(InputError) as refused:
        JobClient(server.url).submit(ID, "true", {})
    assert "OSError: no room" in str(refused.value)
    assert "Traceback" not in str(refused.value)


def test_a_job_that_is_not_there_is_told(server: Server) -> None:
    client = JobClient(server.url)
    for ask in (client.job, client.stop, lambda id: list(client.log(id))):
        with pytest.raises(UnknownJobError, match="has no job nobody-2026-11-26-1"):
            ask("nobody-2026-11-26-1")


def test_a_log_comes_piece_by_piece(server: Server) -> None:
    assert [piece for piece in JobClient(server.url).log(ID) if piece] == ["one\n", "two\n"]


def test_a_log_that_breaks_off_is_told_after_what_has_come(server: Server) -> None:
    server.breaks = True
    pieces = JobClient(server.url).log(ID)
    assert next(pieces) == "one\n"
    with pytest.raises(UnreachableError):
        list(pieces)


def test_a_server_that_has_gone_is_told(server: Server) -> None:
    with pytest.raises(UnreachableError, match="no Ray head answers at http"):
        JobClient("http://127.0.0.1:1")
