"""A real S3 server on a bad day: answers stay right, and what does not pass is told in time."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator

import pytest

from posts.dump import Dump
from posts.errors import InputError, PostError, Reason
from posts.files import s3_retry
from posts.files.s3 import S3Files
from posts.files.s3_client import s3_client
from posts.post import Post
from tests.servers.fault_proxy import (
    ANY_TIME,
    Fault,
    FaultProxy,
    Request,
    a_share,
    no_fault,
    the_first,
)
from tests.servers.s3 import S3Server

QUICK = [fault for fault in Fault if fault is not Fault.SILENT]


@pytest.fixture
def proxy(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultProxy]:
    """Stands before the server; with short pauses, for a test is no night."""
    monkeypatch.setattr(s3_retry, "_FIRST_PAUSE", 0.005)
    monkeypatch.setattr(s3_retry, "_LONGEST_PAUSE", 0.05)
    with FaultProxy(s3.endpoint) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", proxy.endpoint)
        yield proxy


@pytest.fixture
def files(s3: S3Server, proxy: FaultProxy) -> S3Files:
    """A place that has answered well."""
    files = S3Files(s3.bucket(), "some/prefix")
    assert list(files.list()) == []
    return files


def impatient(files: S3Files, monkeypatch: pytest.MonkeyPatch) -> S3Files:
    monkeypatch.setenv(s3_retry.PATIENCE_VARIABLE, "2")
    return S3Files(files.bucket, "some/prefix")


@pytest.mark.parametrize("fault", QUICK)
def test_every_operation_is_right_though_a_third_of_the_requests_fail(
    proxy: FaultProxy, files: S3Files, fault: Fault
) -> None:
    proxy.rule = a_share(1 / 3, 3, [fault])
    content = bytes(range(256)) * 12_000
    files.write("a/big", content)
    files.write("a/empty", b"")
    files.write("b", b"first")
    assert files.read("a/big") == content
    assert files.read("a/big", 3) == content[:3]
    assert files.read("a/empty") == files.read("a/empty", 10) == b""
    with files.open("a/big", start=1_000_000) as stream:
        assert stream.read(2_000_000) == content[1_000_000:3_000_000]
    assert sorted(info.name for info in files.list()) == ["a/big", "a/empty", "b"]
    assert [info.name for info in files.list("a")] == ["a/big", "a/empty"]
    assert [info.name for info in files.list_page("a/z")] == ["b"]
    assert files.info("gone") is None
    with pytest.raises(FileNotFoundError):
        files.read("gone")
    for number in range(5):
        files.create(f"new/{number}", b"")
        with pytest.raises(FileExistsError):
            files.create(f"new/{number}", b"")
    for content in (b"second", b"third", b"fourth"):
        info = files.info("b")
        assert info is not None
        files.replace("b", content, info.version)
        with pytest.raises(FileExistsError):
            files.replace("b", content + b"!", info.version)
        assert files.read("b") == content
    files.delete("b")
    assert files.info("b") is None
    assert proxy.faults > 5


def test_an_answer_that_does_not_come_is_asked_for_again(
    proxy: FaultProxy, files: S3Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.write("a", b"x")
    monkeypatch.setattr(s3_client, "__defaults__", (1,))
    proxy.rule = the_first(2, Fault.SILENT)
    assert files.read("a") == b"x"
    assert proxy.counts == {Fault.SILENT: 2}


def test_a_listing_is_whole_though_pages_break_off(
    proxy: FaultProxy, files: S3Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"{number:02}" for number in range(12)]
    for name in names:
        files.write(name, b"")
    page = S3Files._page
    monkeypatch.setattr(S3Files, "_page", lambda s, wanted, **o: page(s, wanted | {"MaxKeys": 2}))
    proxy.rule = a_share(1 / 2, 3, [Fault.HALF, Fault.HEAD_ONLY])
    assert [info.name for info in files.list()] == names
    assert proxy.counts.keys() == {Fault.HALF, Fault.HEAD_ONLY}


def test_a_listing_without_content_is_no_empty_folder(
    proxy: FaultProxy, files: S3Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.write("a", b"x")
    proxy.rule = the_first(-1, Fault.HEAD_ONLY)
    with pytest.raises(TimeoutError, match="break off"):
        list(impatient(files, monkeypatch).list())


@pytest.mark.parametrize("data", [b"", b"content"])
def test_a_conditional_write_whose_answer_was_lost_is_known_to_be_ours(
    proxy: FaultProxy, files: S3Files, data: bytes
) -> None:
    proxy.rule = the_first(1, Fault.LOST, "PUT")
    files.create("claim", data)
    info = files.info("claim")
    assert info is not None
    proxy.rule = the_first(1, Fault.LOST, "PUT")
    files.replace("claim", data + b"new", info.version)
    assert proxy.counts == {Fault.LOST: 2}
    assert files.read("claim") == data + b"new"


@pytest.mark.parametrize("condition", ["create", "replace"])
def test_a_write_of_the_same_bytes_by_another_is_not_taken_for_ours(
    proxy: FaultProxy, files: S3Files, s3: S3Server, condition: str
) -> None:
    files.write("a", b"before")
    before = files.info("a")
    assert before is not None
    name, version = ("claim", None) if condition == "create" else ("a", before.version)

    def another_is_quicker(request: Request) -> Fault | None:
        if request.method != "PUT":
            return None
        proxy.rule = no_fault
        s3.client.put_object(Bucket=files.bucket, Key=f"some/prefix/{name}", Body=b"same")
        return Fault.CUT

    proxy.rule = another_is_quicker
    with pytest.raises(FileExistsError):
        files.replace(name, b"same", version)
    assert proxy.counts == {Fault.CUT: 1}


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        (Fault.SLOW_DOWN, TimeoutError, "too busy"),
        (Fault.INTERNAL, TimeoutError, "too busy"),
        (Fault.CUT, TimeoutError, "did not answer in time"),
        (Fault.HALF, TimeoutError, "break off"),
        (Fault.DENIED, InputError, "check the credentials and their rights"),
    ],
)
def test_what_does_not_pass_is_told_when_the_patience_is_at_its_end(
    proxy: FaultProxy,
    files: S3Files,
    monkeypatch: pytest.MonkeyPatch,
    fault: Fault,
    error: type[Exception],
    words: str,
) -> None:
    files.write("a", b"content")
    proxy.rule = the_first(-1, fault)
    hurried = impatient(files, monkeypatch)
    with pytest.raises(error, match=words):
        hurried.read("a")
    assert proxy.faults > 1
    proxy.rule = no_fault
    assert hurried.read("a") == b"content"


def test_wrong_credentials_are_told_at_once_even_where_right_ones_worked(
    proxy: FaultProxy, files: S3Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    calls: list[Callable[[], object]] = [
        lambda: list(files.list()),
        lambda: files.info("a"),
        lambda: files.read("a"),
        lambda: files.write("a", b""),
    ]
    for call in calls:
        before = proxy.passed
        with pytest.raises(InputError, match="check the credentials"):
            call()
        assert proxy.passed == before + 1


def test_a_denial_is_believed_at_once_by_a_place_that_never_answered(
    proxy: FaultProxy, s3: S3Server
) -> None:
    proxy.rule = the_first(1, Fault.DENIED)
    with pytest.raises(InputError, match="check the credentials"):
        list(S3Files(s3.bucket()).list())
    assert proxy.counts == {Fault.DENIED: 1}


def test_a_worker_takes_a_denial_for_weather_where_the_place_answered_before(
    proxy: FaultProxy, files: S3Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.write("a", b"content")
    as_sent = pickle.dumps(files)
    monkeypatch.setattr(s3_retry, "_places", {})
    proxy.rule = the_first(2, Fault.DENIED)
    in_worker: S3Files = pickle.loads(as_sent)  # noqa: S301 - our own bytes
    assert in_worker.read("a") == b"content"
    assert proxy.counts == {Fault.DENIED: 2}

    monkeypatch.setattr(s3_retry, "_places", {})
    unproven: S3Files = pickle.loads(pickle.dumps(S3Files(files.bucket)))  # noqa: S301
    proxy.rule = the_first(1, Fault.DENIED)
    with pytest.raises(InputError):
        unproven.read("a")


def test_a_dump_that_cannot_be_listed_yet_is_one_sentence(
    proxy: FaultProxy, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_retry, "FIRST_SECONDS", 0.1)
    proxy.rule = the_first(-1, Fault.SLOW_DOWN)
    with pytest.raises(InputError, match=r"too busy.*try again later"):
        Dump.open(f"s3://{s3.bucket()}/dump")


@pytest.mark.parametrize("fault", ANY_TIME)
def test_a_picture_that_is_refused_for_good_is_for_the_next_run_to_try(
    proxy: FaultProxy, files: S3Files, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    files.write("a.jsonl", b'{"id": "1", "text": "a"}\n')
    for name in ("good.jpg", "bad.jpg"):
        files.write(name, b"picture")
    monkeypatch.setenv(s3_retry.PATIENCE_VARIABLE, "2")
    dump = Dump.open(files.root)
    proxy.rule = the_first(-1, fault, path="bad.jpg")
    posts = [Post(id=name, image_uri=f"{name}.jpg") for name in ("good", "bad")]
    good, bad = dump.pictures(posts)
    known, unknown = dump.picture_versions(posts)
    assert good == b"picture"
    assert isinstance(known, str)
    for error in (bad, unknown):
        assert isinstance(error, PostError)
        assert (error.reason, error.transient) == (Reason.PICTURE_UNAVAILABLE, True)
