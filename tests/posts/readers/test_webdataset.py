from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from posts.dump import Dump
from posts.errors import Reason
from posts.pictures import PictureLimits
from posts.post import Post

Members = Iterable[tuple[str | tarfile.TarInfo, bytes]]


def tar_of(members: Members, form: int = tarfile.PAX_FORMAT) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=form) as tar:
        for member, data in members:
            info = member if isinstance(member, tarfile.TarInfo) else tarfile.TarInfo(member)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def read(folder: Path, data: bytes, name: str = "a.tar", limits: int = 20_000_000) -> list[Post]:
    (folder / name).write_bytes(data)
    dump = Dump.open(folder, PictureLimits(bytes=limits))
    (fragment,) = dump.fragments()
    posts = list(dump.read(fragment))
    assert list(dump.ids(fragment)) == [(post.id, post.source) for post in posts if post.id]
    return posts


def reasons(posts: list[Post]) -> list[Reason | None]:
    return [post.error.reason if post.error else None for post in posts]


SAMPLES: list[tuple[str | tarfile.TarInfo, bytes]] = [
    ("0001.json", b'{"text": "one", "likes": 3}'),
    ("0001.jpg", b"jpg"),
    ("0002.PNG", b"png"),
    ("0002.txt", b"zwei"),
    ("sub.dir/0003.a.json", b""),
    ("sub.dir/0003.json", b'{"id": "third", "text": null, "created_at": 0}'),
    ("sub.dir/0003.webp", b"webp"),
    ("README", b"not a post"),
    ("0004.cls", b"7"),
    ("0005.jpeg", b"jpeg"),
]


@pytest.mark.parametrize("name", ["a.tar", "a.tar.gz"])
def test_members_with_one_key_are_one_post(tmp_path: Path, name: str) -> None:
    data = tar_of(SAMPLES)
    posts = read(tmp_path, gzip.compress(data) if name.endswith("gz") else data, name)
    assert [(post.id, post.text, post.image) for post in posts] == [
        ("0001", "one", b"jpg"),
        ("0002", "zwei", b"png"),
        ("third", "", b"webp"),
        ("0005", "", b"jpeg"),
    ]
    assert reasons(posts) == [None] * 4
    assert posts[0].extra == {"likes": 3}
    assert [post.source for post in posts] == [f"{name}:{row}" for row in range(1, 5)]


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_and_foreign_names_work_in_every_form_of_tar(tmp_path: Path, form: int) -> None:
    key = ("d" * 90) + "/" + ("n" * 90)
    (post,) = read(tmp_path, tar_of([(f"./{key}.txt", b"x")], form))
    assert post.id == key
    (post,) = read(tmp_path, tar_of([("猫.txt", b"x")], form))
    assert post.id == "猫"


def test_broken_records_are_errors_of_their_posts(tmp_path: Path) -> None:
    posts = read(
        tmp_path,
        tar_of(
            [
                ("a.json", b"{broken"),
                ("a.jpg", b"jpg"),
                ("b.txt", b"\xff\xfe"),
                ("c.json", b"[1]"),
                ("d.json", b"{}"),
                ("e.txt", b"fine"),
            ]
        ),
    )
    broken = Reason.BROKEN_RECORD
    assert reasons(posts) == [broken, broken, broken, Reason.EMPTY_POST, None]


def test_links_devices_and_paths_upwards_are_refused(tmp_path: Path) -> None:
    members: list[tuple[str | tarfile.TarInfo, bytes]] = []
    for number, kind in enumerate([tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE]):
        link = tarfile.TarInfo(f"k{number}.jpg")
        link.type, link.linkname = kind, "/etc/passwd"
        members += [(f"k{number}.txt", b"text"), (link, b"")]
    device = tarfile.TarInfo("d.json")
    device.type = tarfile.CHRTYPE
    members += [(device, b""), ("../../evil.txt", b"x"), ("/etc/evil.txt", b"x"), ("z.txt", b"x")]
    posts = read(tmp_path, tar_of(members))
    refused, broken = Reason.PICTURE_REFUSED, Reason.BROKEN_RECORD
    assert reasons(posts) == [refused, refused, refused, broken, broken, broken, None]
    assert posts[0].text == "text"


def test_a_picture_over_the_limit_is_not_read(tmp_path: Path) -> None:
    posts = read(tmp_path, tar_of([("a.txt", b"x"), ("a.jpg", b"y" * 11)]), limits=10)
    assert reasons(posts) == [Reason.PICTURE_TOO_LARGE]
    assert (posts[0].id, posts[0].text) == ("a", "x")


@pytest.mark.parametrize("name", ["a.tar", "a.tar.gz"])
def test_a_tar_cut_off_keeps_what_came_before(tmp_path: Path, name: str) -> None:
    data = tar_of([(f"{number}.jpg", bytes(2000)) for number in range(5)])
    # Each member takes 512 + 2048 bytes: this ends within the third picture.
    data = data[: 2 * 2560 + 1000]
    if name.endswith("gz"):
        data = gzip.compress(data)
    posts = read(tmp_path, data, name)
    assert reasons(posts) == [None, None, Reason.BROKEN_PICTURE, Reason.BROKEN_FILE]
    assert posts[-1].source == f"{name}:4"


def test_a_tar_without_its_end_is_said_to_be_cut_off(tmp_path: Path) -> None:
    data = tar_of([("a.txt", b"x")])[:1024]
    posts = read(tmp_path, data)
    assert reasons(posts) == [None, Reason.BROKEN_FILE]


def test_a_broken_header_is_no_silent_end(tmp_path: Path) -> None:
    data = bytearray(tar_of([("a.txt", b"x"), ("b.txt", b"y"), ("c.txt", b"z")]))
    data[1024 : 1024 + 100] = b"?" * 100
    posts = read(tmp_path, bytes(data))
    assert reasons(posts) == [None, Reason.BROKEN_FILE]
    assert "header" in str(posts[-1].error)


def test_a_header_that_claims_to_be_huge_is_not_read(tmp_path: Path) -> None:
    long_name = tarfile.TarInfo("././@LongLink")
    long_name.type, long_name.size = tarfile.GNUTYPE_LONGNAME, 1 << 40
    data = tar_of([("a.txt", b"x")])[:1024] + long_name.tobuf(tarfile.GNU_FORMAT) + bytes(10240)
    posts = read(tmp_path, data)
    assert reasons(posts) == [None, Reason.BROKEN_FILE]
    assert "too long" in str(posts[-1].error)


def test_a_member_that_claims_to_be_huge_ends_the_tar(tmp_path: Path) -> None:
    liar = tarfile.TarInfo("b.txt")
    liar.size = 1 << 60
    data = tar_of([("a.txt", b"x")])[:1024] + liar.tobuf() + bytes(10240)
    posts = read(tmp_path, data)
    assert reasons(posts) == [None, Reason.BROKEN_RECORD, Reason.BROKEN_FILE]


def test_a_sparse_member_is_refused(tmp_path: Path) -> None:
    sparse = tarfile.TarInfo("b.txt")
    sparse.type = tarfile.GNUTYPE_SPARSE
    data = tar_of([("a.txt", b"x")])[:1024] + sparse.tobuf(tarfile.GNU_FORMAT) + bytes(10240)
    posts = read(tmp_path, data)
    assert reasons(posts)[:2] == [None, Reason.BROKEN_RECORD]
