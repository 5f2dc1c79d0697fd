"""Pictures of posts: only of those that are in the index, and only as pictures."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from PIL import Image

from indexer.index.location import open_index
from indexer.search import Index
from posts.errors import InputError, PostError, Reason
from tests.indexer.index.samples import BUILD, document
from tests.indexer.search.http.conftest import message_of, running


def picture(kind: str, size: int) -> bytes:
    stream = io.BytesIO()
    noise = Image.effect_noise((size, size // 2), 100).convert("RGB")
    noise.save(stream, kind, quality=100)
    return stream.getvalue()


class Pictures:
    """Of every post, drawn as asked; faults by what is set."""

    def __init__(self) -> None:
        self.kind = "WEBP"
        self.content: bytes | None = None
        self.error: Exception | None = None
        self.asked: list[tuple[str, int]] = []
        self.numbers: list[int] = []
        self.drawn: dict[tuple[str, int], bytes] = {}

    def thumbnail(self, id: str, size: int, number: int = 0) -> bytes | None:
        self.asked.append((id, size))
        self.numbers.append(number)
        if self.error is not None:
            raise self.error
        if self.content is not None:
            return self.content
        return self.drawn.setdefault((self.kind, size), picture(self.kind, size))


@pytest.fixture
def pictures() -> Pictures:
    return Pictures()


@pytest.fixture
def client(location: str, pictures: Pictures) -> Iterator[httpx.Client]:
    with (
        Index(location) as index,
        running(index, thumbnails=pictures) as server,
        server.client() as client,
    ):
        yield client


@pytest.mark.parametrize("size", [160, 320, 640])
@pytest.mark.parametrize(("kind", "media_type"), [("WEBP", "image/webp"), ("JPEG", "image/jpeg")])
def test_a_picture_comes_in_the_size_that_is_asked_for(
    client: httpx.Client, pictures: Pictures, size: int, kind: str, media_type: str
) -> None:
    pictures.kind = kind
    answer = client.get("/api/thumbnail", params={"id": "p2", "size": str(size)})

    assert answer.status_code == 200
    assert answer.headers["content-type"] == media_type
    assert answer.headers["cache-control"] == "private, max-age=600"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert len(answer.content) > 4_096
    assert "content-encoding" not in answer.headers
    assert Image.open(io.BytesIO(answer.content)).width == size


def test_a_picture_that_is_known_is_not_sent_again(client: httpx.Client) -> None:
    first = client.get("/api/thumbnail", params={"id": "p2"})
    tag = first.headers["etag"]

    for known in (tag, f"W/{tag}", f'"other", {tag}'):
        again = client.get("/api/thumbnail?id=p2", headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
    other = client.get("/api/thumbnail?id=p2&size=640", headers={"If-None-Match": tag})
    assert other.status_code == 200
    assert other.headers["etag"] != tag


@pytest.mark.parametrize("id", ["p1", "nobody", "../p2"])
def test_only_pictures_of_posts_in_the_index_are_shown(
    client: httpx.Client, pictures: Pictures, id: str
) -> None:
    assert client.get("/api/thumbnail", params={"id": id}).status_code == 404
    assert not pictures.asked


@pytest.mark.parametrize(
    "content",
    [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<html>", b"GIF89a", b"RIFFxxxx"],
)
def test_nothing_else_is_shown_as_a_picture(
    client: httpx.Client, pictures: Pictures, content: bytes
) -> None:
    pictures.content = content
    answer = client.get("/api/thumbnail?id=p2")

    assert answer.status_code == 404
    message_of(answer)


def test_a_picture_that_cannot_be_shown_is_not_there(
    client: httpx.Client, pictures: Pictures
) -> None:
    pictures.error = PostError(Reason.BROKEN_PICTURE, "truncated")
    assert client.get("/api/thumbnail?id=p2").status_code == 404


def test_a_dump_that_cannot_be_read_is_told_without_its_place(
    client: httpx.Client, pictures: Pictures
) -> None:
    pictures.error = InputError("/home/anna/dump cannot be read; see its permissions")
    answer = client.get("/api/thumbnail?id=p2")

    assert answer.status_code == 503
    assert message_of(answer) == "its place cannot be read; see its permissions"


def test_of_several_pictures_the_lead_is_shown(tmp_path: Path, pictures: Pictures) -> None:
    location = f"embedded:{tmp_path / 'index'}"
    with_lead = document("p1", has_picture=True, lead_picture=3)
    written = open_index(location)
    written.begin(BUILD)
    written.write([with_lead])
    written.close()
    with (
        Index(location) as index,
        running(index, thumbnails=pictures) as server,
        server.client() as client,
    ):
        assert client.get("/api/thumbnail?id=p1").status_code == 200
    assert pictures.numbers == [3]
