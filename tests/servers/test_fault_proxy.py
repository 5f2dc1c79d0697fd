"""The proxy must not be a fault of its own."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.servers.fault_proxy import Fault, FaultProxy, a_share, the_first
from tests.servers.s3 import S3Server


class _Echo(BaseHTTPRequestHandler):
    """Answers with what it was asked."""

    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        body = b""
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers["Content-Length"]))
        seen = {"path": self.path, "headers": self.headers.items(), "body": body.decode()}
        answer = json.dumps(seen).encode()
        self.send_response(207, "As It Was")
        self.send_header("X-Odd", "a, b")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def echo() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("chunked", [False, True])
def test_a_request_and_its_answer_pass_as_they_are(echo: str, chunked: bool) -> None:
    headers = {"Host": "bucket.example.com", "X-Amz-Date": "today", "Range": "bytes=1-2"}
    path = "/a%20b/%E7%8C%AB+c?x=%2F&y"
    with FaultProxy(echo) as proxy:
        client = HTTPConnection(proxy.endpoint.removeprefix("http://"))
        body = iter([b"in two ", b"pieces"]) if chunked else b"in two pieces"
        client.request("PUT", path, body, headers, encode_chunked=chunked)
        answer = client.getresponse()
        seen = json.loads(answer.read())
        client.close()
    assert (answer.status, answer.reason, answer.getheader("X-Odd")) == (207, "As It Was", "a, b")
    assert (seen["path"], seen["body"]) == (path, "in two pieces")
    assert headers.items() <= dict(seen["headers"]).items()
    assert (proxy.passed, proxy.faults) == (1, 0)


def test_the_same_requests_of_a_seed_fail(echo: str) -> None:
    def fates() -> list[int | None]:
        with FaultProxy(echo, a_share(1 / 3, 7, [Fault.SLOW_DOWN])) as proxy:
            client = HTTPConnection(proxy.endpoint.removeprefix("http://"))
            found = []
            for _ in range(60):
                client.request("PUT", "/", b"x")
                answer = client.getresponse()
                answer.read()
                found.append(answer.status)
            client.close()
            assert proxy.counts == {Fault.SLOW_DOWN: found.count(503)}
            assert proxy.fault_share == found.count(503) / 60
        return found

    first = fates()
    assert 10 < first.count(503) < 30
    assert fates() == first


def test_a_lost_answer_is_to_a_request_that_was_carried_out(s3: S3Server) -> None:
    bucket = s3.bucket()
    with FaultProxy(s3.endpoint, the_first(1, Fault.LOST, "PUT")) as proxy:
        client = HTTPConnection(proxy.endpoint.removeprefix("http://"))
        url = s3.client.generate_presigned_url("put_object", {"Bucket": bucket, "Key": "a"})
        host = s3.endpoint.removeprefix("http://")
        client.request("PUT", url.removeprefix(s3.endpoint), b"stored", {"Host": host})
        with pytest.raises(ConnectionError):
            client.getresponse()
        client.close()
    assert s3.client.get_object(Bucket=bucket, Key="a")["Body"].read() == b"stored"
