from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from posts.dump import Dump
from posts.errors import PostError
from posts.files import open_files
from posts.files.s3 import S3Files
from posts.files.s3_client import s3_client
from posts.post import Post
from tests.servers.s3 import S3Server

NAMES = [f"pics/{number // 700}/{number:05} é%20+.jpg" for number in range(1400)]


@pytest.fixture(scope="module")
def bucket(s3: S3Server) -> str:
    """A bucket of more pictures than one page of a listing shows, in a dump and beside it."""
    bucket = s3.bucket()
    keys = [f"dump/{name}" for name in NAMES] + NAMES[:60]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda key: s3.client.put_object(Bucket=bucket, Key=key, Body=key), keys))
    open_files(f"s3://{bucket}/dump").write("a.jsonl", b"{}")
    return bucket


class Requests:
    """Counts what is asked of the server."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.singles = self.pages = 0
        info, page = S3Files.info, S3Files.list_page

        def counted_info(files: S3Files, name: str) -> object:
            self.singles += 1
            return info(files, name)

        def counted_page(files: S3Files, after: str) -> object:
            self.pages += 1
            return page(files, after)

        monkeypatch.setattr(S3Files, "info", counted_info)
        monkeypatch.setattr(S3Files, "list_page", counted_page)


def versions(dump: Dump, uris: list[str]) -> list[str | None]:
    found = dump.picture_versions([Post(id=uri, image_uri=uri) for uri in uris])
    return [None if isinstance(each, PostError) else each for each in found]


def expected(bucket: str, uris: list[str]) -> list[str | None]:
    """As the server answers to one HEAD for each."""
    files = open_files(f"s3://{bucket}/dump")
    infos = [files.info(uri) for uri in uris]
    return [None if info is None else info.version for info in infos]


def test_neighbours_are_listed_and_the_rest_asked_for(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    uris = [*NAMES[100:150], "gone.jpg", *NAMES[900:950], "pics/0/00101.gone"]
    random.Random(0).shuffle(uris)
    right = expected(bucket, uris)
    dump = Dump.open(f"s3://{bucket}/dump")
    requests = Requests(monkeypatch)
    assert versions(dump, uris) == right
    assert right.count(None) == 2
    assert (requests.singles, requests.pages) == (2, 1)


def test_pages_follow_each_other_and_skip_what_is_not_wanted(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    uris = [*NAMES[:40], *NAMES[1350:]]
    right = expected(bucket, uris)
    dump = Dump.open(f"s3://{bucket}/dump")
    requests = Requests(monkeypatch)
    assert versions(dump, uris) == right
    assert (requests.singles, requests.pages) == (0, 2)


def test_scattered_pictures_are_asked_for_one_by_one(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    uris = NAMES[::35]
    right = expected(bucket, uris)
    dump = Dump.open(f"s3://{bucket}/dump")
    requests = Requests(monkeypatch)
    assert versions(dump, uris) == right
    assert requests.pages == 1
    assert 0 < requests.singles < len(uris)


def test_pictures_in_an_allowed_bucket_are_listed_there(
    bucket: str, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = f"s3://{s3.bucket()}"
    open_files(root).write("a.jsonl", b"{}")
    monkeypatch.setenv("KEYPHRASES_IMAGE_BUCKETS", bucket)
    dump = Dump.open(root)
    requests = Requests(monkeypatch)
    found = versions(dump, [f"s3://{bucket}/{name}" for name in NAMES[:50]])
    shown = {info.name: info.version for info in open_files(f"s3://{bucket}").list("pics")}
    assert found == [shown[name] for name in NAMES[:50]]
    assert (requests.singles, requests.pages) == (0, 1)


def test_who_may_not_list_asks_one_by_one(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    uris = NAMES[:50]
    right = expected(bucket, uris)
    dump = Dump.open(f"s3://{bucket}/dump")
    refused: list[object] = []

    def refuse(**request: object) -> None:
        refused.append(request)
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "ListObjectsV2")

    monkeypatch.setattr(s3_client(), "list_objects_v2", refuse)
    assert versions(dump, uris) == right
    assert len(refused) == 1
