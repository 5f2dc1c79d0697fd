from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from posts.dump import Dump
from posts.errors import InputError
from posts.files import open_files
from posts.files.s3 import S3Files
from posts.files.s3_client import s3_client
from tests.servers.s3 import S3Server


def test_the_prefix_keeps_neighbours_apart(s3: S3Server) -> None:
    bucket = s3.bucket()
    whole, part = S3Files(bucket), S3Files(bucket, "a/")
    whole.write("a/inside", b"x")
    whole.write("ab", b"y")
    assert [info.name for info in part.list()] == ["inside"]
    assert [info.name for info in whole.list()] == ["a/inside", "ab"]
    assert (whole.root, part.root) == (f"s3://{bucket}", f"s3://{bucket}/a")


def test_folders_drawn_as_keys_are_not_listed(s3: S3Server) -> None:
    files = S3Files(s3.bucket())
    s3.client.put_object(Bucket=files.bucket, Key="folder/", Body=b"")
    files.write("folder/a", b"x")
    assert [info.name for info in files.list()] == ["folder/a"]


def test_listing_goes_on_over_pages(s3: S3Server) -> None:
    files = S3Files(s3.bucket())
    names = [f"{number:04d}" for number in range(1005)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda name: files.write(name, b""), names))
    assert [info.name for info in files.list()] == names


def test_an_unknown_bucket_is_an_input_error(s3: S3Server) -> None:
    files = S3Files("no-such-bucket-here")
    for call in (lambda: list(files.list()), lambda: files.info("a"), lambda: files.read("a")):
        with pytest.raises(InputError, match="no bucket 'no-such-bucket-here'"):
            call()


@pytest.mark.parametrize(
    ("variable", "value"), [("AWS_SECRET_ACCESS_KEY", "wrong"), ("AWS_ACCESS_KEY_ID", "nobody")]
)
def test_wrong_credentials_are_an_input_error_without_the_keys(
    s3: S3Server, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    files = S3Files(s3.bucket())
    monkeypatch.setenv(variable, value)
    for call in (lambda: list(files.list()), lambda: files.info("a"), lambda: files.read("a")):
        with pytest.raises(InputError, match="check the credentials") as caught:
            call()
        assert value not in str(caught.value)
        assert s3.environment["AWS_SECRET_ACCESS_KEY"] not in str(caught.value)


def test_a_file_that_changes_while_it_is_read_is_noticed(s3: S3Server) -> None:
    files = S3Files(s3.bucket())
    files.write("a", b"x" * 3_000_000)
    with files.open("a") as stream:
        stream.read(10)
        files.write("a", b"y" * 3_000_000)
        with pytest.raises(OSError, match="changed while it was read"):
            stream.read(2_000_000)


def test_nobody_at_the_endpoint_is_an_input_error(monkeypatch: pytest.MonkeyPatch) -> None:
    # Held, so that nobody else gets the port, and yet it does not listen.
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        _settings(monkeypatch, f"http://user:hush@127.0.0.1:{held.getsockname()[1]}")
        with pytest.raises(InputError, match="cannot reach the S3 server") as caught:
            list(open_files("s3://bucket/x").list())
    assert "hush" not in str(caught.value)


def test_no_credentials_at_all_are_an_input_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    _settings(monkeypatch, "http://127.0.0.1:9")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    nowhere = str(tmp_path_factory.mktemp("home") / "none")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", nowhere)
    monkeypatch.setenv("AWS_CONFIG_FILE", nowhere)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(InputError, match="no credentials"):
        list(open_files("s3://bucket/x").list())


class _Answers(BaseHTTPRequestHandler):
    """An S3 server that has only bad news: the status is the first part of the key."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        # In the path of a file, or in the prefix of a listing.
        kind = re.findall(r"SlowDown|AccessDenied|NotFound|short|$", self.path)[0]
        if kind == "short":
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(b"only this")
            self.close_connection = True
            return
        body = f"<Error><Code>{kind}</Code></Error>".encode()
        self.send_response({"AccessDenied": 403, "NotFound": 404}.get(kind, 503))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def bad_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    _settings(monkeypatch, f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setattr("posts.files.s3_retry.FIRST_SECONDS", 0.1)
    yield
    server.shutdown()
    server.server_close()


@pytest.mark.usefixtures("bad_server")
@pytest.mark.parametrize(
    ("key", "error"),
    [("SlowDown", TimeoutError), ("short", TimeoutError), ("AccessDenied", InputError)],
)
def test_throttling_and_broken_answers_are_time_outs(key: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        S3Files("bucket").read(key)


@pytest.mark.usefixtures("bad_server")
@pytest.mark.parametrize("key", ["SlowDown", "AccessDenied", "NotFound", "Nonsense"])
def test_a_dump_on_such_a_server_is_an_input_error(key: str) -> None:
    with pytest.raises(InputError):
        Dump.open(f"s3://bucket/{key}")


def test_a_server_that_never_answers_is_an_input_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_client, "__defaults__", (1,))
    monkeypatch.setattr("posts.files.s3_retry.FIRST_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        _settings(monkeypatch, f"http://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(InputError, match="did not answer in time"):
            Dump.open("s3://bucket/x")


def test_clients_are_shared_while_the_settings_stay(
    s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = s3_client()
    assert s3_client() is first
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "other")
    assert s3_client() is not first


def _settings(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "someone")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "something")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
