from __future__ import annotations

import gzip
import io
import pickle
import random
import tarfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from posts.dump import Dump
from posts.errors import InputError, PostError, Reason
from posts.files import Files, open_files
from posts.pictures import PictureLimits, decode_picture
from posts.post import Post
from posts.writing import write_json_lines, write_parquet
from tests.sample_pictures import encoded, huge_png, plain
from tests.servers.s3 import S3Server

MOMENT = datetime(2024, 1, 2, tzinfo=UTC)


@pytest.fixture(params=["local", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "local":
        return str(tmp_path / "dump")
    return f"s3://{request.getfixturevalue('s3').bucket()}/dumps/one"


def json_lines(*records: object) -> bytes:
    return b"".join(orjson.dumps(record) + b"\n" for record in records)


def reasons(dump: Dump) -> dict[str, Reason | None]:
    """Why each post, by its key, would become a dead letter, pictures included."""
    found: dict[str, Reason | None] = {}
    for post in dump.posts():
        error = post.error
        try:
            if error is None and post.has_picture:
                decode_picture(dump.picture(post))
        except PostError as picture_error:
            error = picture_error
        found[post.key] = None if error is None else error.reason
    return found


def test_a_dump_of_three_formats_is_read_in_order_of_its_files(place: str) -> None:
    files = open_files(place)
    files.write("b/x.jsonl", json_lines({"id": "2", "text": "two"}, {"id": "1", "text": "again"}))
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"id": ["1"], "text": ["one"], "image": [b"jpg"]}), sink)
    files.write("a.parquet", sink.getvalue().to_pybytes())
    files.write("c.jsonl", json_lines({"id": "3", "image_uri": "b/3.jpg"}))
    files.write("b/3.jpg", encoded(plain(), "JPEG"))
    for ignored in ("_SUCCESS", "_half/x.jsonl", ".hidden.jsonl", "notes.txt", "readme.json"):
        files.write(ignored, b"{}\n")
    dump = pickle.loads(pickle.dumps(Dump.open(place)))  # noqa: S301 - our own bytes
    fragments = dump.fragments()
    assert [fragment.name for fragment in fragments] == ["a.parquet", "b/x.jsonl", "c.jsonl"]
    assert [fragment.number for fragment in fragments] == [0, 1, 2]
    assert all(pickle.loads(pickle.dumps(f)) == f for f in fragments)  # noqa: S301 - our own
    posts = list(dump.posts())
    assert [post.key for post in posts] == ["1", "2", "b/x.jsonl:2", "3"]
    assert posts[2].error is not None
    assert posts[2].error.reason is Reason.DUPLICATE_ID
    assert dump.picture(posts[0]) == b"jpg"
    assert decode_picture(dump.picture(posts[3])).size == (20, 10)


def test_one_file_is_a_dump_with_its_pictures_beside_it(place: str) -> None:
    files = open_files(place)
    files.write("one.jsonl", json_lines({"id": "1", "image_uri": "pictures/1.jpg"}))
    files.write("two.jsonl", json_lines({"id": "2"}))
    files.write("pictures/1.jpg", b"jpg")
    dump = Dump.open(f"{place}/one.jsonl")
    (post,) = dump.posts()
    assert dump.picture(post) == b"jpg"


def test_a_place_without_posts_is_an_input_error(place: str) -> None:
    with pytest.raises(InputError, match="no posts"):
        Dump.open(place)
    with pytest.raises(InputError, match="no posts"):
        Dump.open(f"{place}/gone.jsonl")
    files = open_files(place)
    files.write("picture.jpg", b"jpg")
    with pytest.raises(InputError, match="no posts"):
        Dump.open(place)
    for name in ("a.parquet", "b.jsonl", "c.tar", "d.jsonl.gz", "e.tar.gz"):
        files.write(name, b"" if name == "b.jsonl" else b"rubbish")
    with pytest.raises(InputError, match="can be read"):
        Dump.open(place)
    files.write("z.jsonl", json_lines({"id": "1", "text": "x"}))
    assert len(Dump.open(place).fragments()) == 5


@pytest.mark.parametrize(
    "uri", ["s3://no-such-bucket-at-all/x", "s3://no-such-bucket-at-all/a.tar"]
)
def test_an_unknown_bucket_is_an_input_error(s3: S3Server, uri: str) -> None:
    with pytest.raises(InputError, match="no bucket"):
        Dump.open(uri)


def hostile(files: Files, other_bucket: str) -> bytes:
    jpeg = encoded(plain().resize((200, 200)), "JPEG")
    pictures = {
        "fine.jpg": jpeg,
        "truncated.jpg": jpeg[: len(jpeg) // 2],
        "huge.png": huge_png(),
        "text.jpg": b"I am a text file named .jpg",
        "nothing.png": b"",
    }
    for name, data in pictures.items():
        files.write(name, data)
    uris = {
        "http": "http://example.org/x.jpg",
        "file": "file:///etc/passwd",
        "data": "data:image/png;base64,AAAA",
        "up": "../../etc/passwd",
        "absolute": "/etc/passwd",
        "backslash": "..\\..\\secret.jpg",
        "bucket": f"s3://{other_bucket}/x.jpg",
        "no bucket": "s3://",
        "gone": "gone.jpg",
        "folder": "sub",
    }
    files.write("sub/x.jpg", jpeg)
    lines = [
        orjson.dumps({"id": name, "text": "x", "image_uri": uri})
        for name, uri in (uris | {name: name for name in pictures}).items()
    ]
    lines += [
        orjson.dumps(record)
        for record in (
            {"id": "empty", "text": " "},
            {"id": "fine.jpg", "text": "a second one"},
            {"id": "long", "text": "word " * 200_000},
            {"id": "emoji", "text": "👩‍👩‍👧‍👦 🎉🏳️‍🌈"},
            {"id": "chinese", "text": "敏捷的棕色狐狸"},
            {"id": "right to left", "text": "\u202eשלום مرحبا\u202c"},
            {"text": "no id"},
        )
    ]
    lines += [b'{"id": "cut", "text": "of', b"\xff\xfe\x00", b"null"]
    return b"\n".join(lines)


def test_a_hostile_dump_goes_through(place: str, s3: S3Server) -> None:
    files = open_files(place)
    data = hostile(files, s3.bucket())
    files.write("posts.jsonl", data)
    rows = data.count(b"\n") + 1
    refused, broken = Reason.PICTURE_REFUSED, Reason.BROKEN_PICTURE
    second = 10 + 5 + 2
    assert reasons(Dump.open(place)) == {
        "fine.jpg": None,
        "long": None,
        "emoji": None,
        "chinese": None,
        "right to left": None,
        "truncated.jpg": broken,
        "text.jpg": broken,
        "nothing.png": broken,
        "huge.png": Reason.PICTURE_TOO_LARGE,
        **dict.fromkeys(["http", "file", "data", "up", "absolute", "backslash"], refused),
        **dict.fromkeys(["bucket", "no bucket"], refused),
        **dict.fromkeys(["gone", "folder"], Reason.PICTURE_MISSING),
        "empty": Reason.EMPTY_POST,
        f"posts.jsonl:{second}": Reason.DUPLICATE_ID,
        f"posts.jsonl:{rows - 3}": Reason.MISSING_ID,
        **{f"posts.jsonl:{row}": Reason.BROKEN_RECORD for row in range(rows - 2, rows + 1)},
    }


def test_refusals_tell_a_person_what_to_do(tmp_path: Path) -> None:
    def why(uri: str) -> str:
        with pytest.raises(PostError) as caught:
            dump.picture(Post(id="1", image_uri=uri))
        assert len(caught.value.detail) <= 200
        return caught.value.detail

    (tmp_path / "a.jsonl").write_text("{}\n")
    dump = Dump.open(tmp_path)
    assert "http: addresses are not opened" in why("http://example.org/" + "x" * 10_000)
    assert "KEYPHRASES_IMAGE_BUCKETS" in why("s3://other/x.jpg")
    assert "leaves the folder" in why("../x")
    assert "no file 'x.jpg'" in why("x.jpg")


def test_a_link_out_of_the_dump_is_refused(tmp_path: Path) -> None:
    (tmp_path / "dump").mkdir()
    (tmp_path / "secret.jpg").write_bytes(encoded(plain(), "JPEG"))
    (tmp_path / "dump" / "x.jpg").symlink_to(tmp_path / "secret.jpg")
    (tmp_path / "dump" / "a.jsonl").write_bytes(json_lines({"id": "1", "image_uri": "x.jpg"}))
    assert reasons(Dump.open(tmp_path / "dump")) == {"1": Reason.PICTURE_REFUSED}


def test_s3_pictures_inside_the_dump_or_in_an_allowed_bucket_are_read(
    s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket, allowed = s3.bucket(), s3.bucket()
    root = f"s3://{bucket}/dump"
    uris = {
        "inside": f"{root}/x.jpg",
        "beside": f"s3://{bucket}/dumpling/x.jpg",
        "above": f"{root}/../x.jpg",
        "allowed": f"s3://{allowed}/x.jpg",
    }
    for name in (bucket, allowed):
        for key in ("x.jpg", "dump/x.jpg", "dumpling/x.jpg"):
            s3.client.put_object(Bucket=name, Key=key, Body=encoded(plain()))
    records = [{"id": name, "image_uri": uri} for name, uri in uris.items()]
    open_files(root).write("a.jsonl", json_lines(*records))
    refused = Reason.PICTURE_REFUSED
    expected = {"inside": None, "beside": refused, "above": refused, "allowed": refused}
    assert reasons(Dump.open(root)) == expected
    monkeypatch.setenv("KEYPHRASES_IMAGE_BUCKETS", f"some, {allowed}")
    dump = Dump.open(root)
    monkeypatch.delenv("KEYPHRASES_IMAGE_BUCKETS")
    # A worker need not have the variable: the dump brings what was allowed when it was opened.
    restored = pickle.loads(pickle.dumps(dump))  # noqa: S301 - our own bytes
    assert reasons(restored) == expected | {"allowed": None}


def test_pictures_over_the_limit_are_not_read_whole(place: str) -> None:
    files = open_files(place)
    files.write("x.jpg", b"x" * 101)
    files.write("a.jsonl", json_lines({"id": "1", "image_uri": "x.jpg"}))
    dump = Dump.open(place, PictureLimits(bytes=100))
    assert reasons(dump) == {"1": Reason.PICTURE_TOO_LARGE}
    with pytest.raises(PostError, match="too large"):
        dump.picture(Post(id="2", image=b"x" * 101))


def test_a_server_in_trouble_makes_a_picture_unavailable_for_now(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = open_files(place)
    files.write("a.jsonl", json_lines({"id": "1", "image_uri": "x.jpg"}))
    dump = Dump.open(place)
    for trouble in (TimeoutError("too busy"), InputError("access refused"), OSError(5, "I/O")):

        def fail(*_: object, error: Exception = trouble) -> None:
            raise error

        monkeypatch.setattr(dump.files, "read", fail)
        monkeypatch.setattr(dump.files, "info", fail)
        posts = [Post(id="1", image_uri="x.jpg")]
        for error in (*dump.pictures(posts), *dump.picture_versions(posts)):
            assert isinstance(error, PostError)
            assert error.reason is Reason.PICTURE_UNAVAILABLE
            assert error.transient


def test_a_server_in_trouble_is_not_taken_for_a_broken_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_parquet([Post(id="1", text="x")], tmp_path / "a.parquet")
    write_json_lines([Post(id="1", text="x")], tmp_path)
    (tmp_path / "t.tar").write_bytes(b"x" * 512)
    dump = Dump.open(tmp_path)
    fragments = dump.fragments()

    def fail(*_: object) -> None:
        raise TimeoutError("too busy")

    monkeypatch.setattr(dump.files, "open", fail)
    for fragment in fragments:
        for read in (dump.read, dump.ids):
            with pytest.raises(TimeoutError):
                list(read(fragment))


def test_versions_and_pictures_come_in_batches(place: str) -> None:
    files = open_files(place)
    files.write("x.jpg", b"first")
    files.write("a.jsonl", json_lines({"id": "1", "image_uri": "x.jpg"}))
    dump = Dump.open(place)
    uris = ["x.jpg", "gone.jpg", "http://x/y.jpg", "sub"]
    files.write("sub/y.jpg", b"other")
    posts = [Post(id=uri, image_uri=uri) for uri in uris]
    posts += [Post(id="inline", image=b"inline"), Post(id="none", text="x")]
    first = dump.picture_versions(posts)
    assert first[0] == next(info.version for info in files.list() if info.name == "x.jpg")
    assert first[4:] == [None] * 2
    pictures = dump.pictures(posts)
    assert [pictures[0], pictures[4], pictures[5]] == [b"first", b"inline", None]
    for batch in (first, pictures):
        reasons_found = [each.reason for each in batch if isinstance(each, PostError)]
        assert reasons_found == [
            Reason.PICTURE_MISSING,
            Reason.PICTURE_REFUSED,
            Reason.PICTURE_MISSING,
        ]
    files.write("x.jpg", b"later")
    assert dump.picture_versions(posts)[0] != first[0]


def test_odd_names_of_pictures_are_taken_as_they_are(place: str) -> None:
    files = open_files(place)
    names = ["pics/a.png", "a%20b.png", "a%2Fb.png", "a b+c&d=é猫.png", "a?b#c.png"]
    for name in names:
        files.write(name, name.encode())
    files.write("a.jsonl", b"{}")
    dump = Dump.open(place)
    uris = [*names, *(f"./{name}" for name in names)]
    posts = [Post(id=uri, image_uri=uri) for uri in uris]
    assert dump.pictures(posts) == [name.encode() for name in names] * 2
    versions = {info.name: info.version for info in files.list()}
    assert dump.picture_versions(posts) == [versions[name] for name in names] * 2


def write_lines(posts: list[Post], folder: Path) -> None:
    write_json_lines(posts, folder)


def write_table(posts: list[Post], folder: Path) -> None:
    write_parquet(posts, folder / "posts.parquet")


@pytest.mark.parametrize("write", [write_lines, write_table])
def test_a_written_dump_reads_back_the_same(
    tmp_path: Path, write: Callable[[list[Post], Path], None]
) -> None:
    extra = {"likes": 3, "tags": ["a"], "user": {"name": "猫"}}
    posts = [
        Post(id="1", text="one", image=encoded(plain(), "WEBP"), keyphrases=("a", "b")),
        Post(id="2", text="two", created_at=MOMENT, extra=extra),
        Post(id="3", image=b"no picture"),
        Post(id="4", image_uri="elsewhere.jpg", keyphrases=()),
    ]
    write(posts, tmp_path)
    dump = Dump.open(tmp_path)
    back = list(dump.posts())
    for before, after in zip(posts, back, strict=True):
        assert after.error is None
        assert (after.id, after.text, after.keyphrases) == (
            before.id,
            before.text,
            before.keyphrases,
        )
        assert after.created_at == before.created_at
        assert {k: v for k, v in after.extra.items() if v is not None} == before.extra
    assert [dump.picture(post) for post in (back[0], back[2])] == [posts[0].image, b"no picture"]


def write_tar(posts: list[Post], folder: Path) -> None:
    with tarfile.open(folder / "posts.tar", "w") as tar:
        for post in posts:
            parts = {"json": orjson.dumps({"text": post.text}), "jpg": post.image or b""}
            for suffix, data in parts.items():
                member = tarfile.TarInfo(f"{post.id}.{suffix}")
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))


def gzipped(folder: Path) -> None:
    (path,) = (path for path in folder.iterdir() if path.is_file())
    path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()


def write_lines_gzipped(posts: list[Post], folder: Path) -> None:
    write_json_lines([replace(post, image=None) for post in posts], folder)
    gzipped(folder)


def write_tar_gzipped(posts: list[Post], folder: Path) -> None:
    write_tar(posts, folder)
    gzipped(folder)


@pytest.mark.parametrize(
    "write", [write_lines, write_lines_gzipped, write_table, write_tar, write_tar_gzipped]
)
def test_ids_are_those_of_the_posts_that_are_read_however_corrupt_the_file(
    tmp_path: Path, write: Callable[[list[Post], Path], None]
) -> None:
    rng = random.Random(0)
    posts = [Post(id=f"p{n:03}", text=rng.randbytes(40).hex(), image=b"jpg") for n in range(200)]
    write(posts, tmp_path)
    (path,) = (path for path in tmp_path.iterdir() if path.is_file())
    whole = path.read_bytes()
    found = set()
    for attempt in range(40):
        data = bytearray(whole)
        at = rng.randrange(len(data))
        if attempt % 2:
            data[at : at + 30] = rng.randbytes(min(30, len(data) - at))
        else:
            del data[at:]
        path.write_bytes(data)
        dump = Dump(open_files(str(tmp_path)))
        for fragment in dump.fragments():
            read = [(post.id, post.source) for post in dump.read(fragment)]
            assert list(dump.ids(fragment)) == [pair for pair in read if pair[0]]
            found.add(len(read))
    assert len(found) > 1
