"""Writing dumps: for imports, the demo and tests."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image, UnidentifiedImageError

from posts.files import Files, open_files
from posts.post import Post

SHARD_BYTES = 64 << 20
"""About how much one file of a long dump holds; it is put together in memory."""
GROUP_BYTES = 16 << 20
"""About how much a row group holds: the least that readers can share out among themselves."""

_GROUP_ROWS = 1000
_POST_BYTES = 1024
"""What a post takes beside its text and picture: keyphrases, extra fields."""
_PARQUET_FIELDS = [
    pa.field("id", pa.string()),
    pa.field("text", pa.string()),
    pa.field("image", pa.binary()),
    pa.field("image_uri", pa.string()),
    pa.field("created_at", pa.timestamp("us", tz="UTC")),
    pa.field("keyphrases", pa.list_(pa.string())),
]
_FURTHER_FIELDS = [
    pa.field("images", pa.list_(pa.binary())),
    pa.field("image_uris", pa.list_(pa.string())),
]
"""Only in files with a post of several pictures."""


def write_json_lines(posts: Iterable[Post], uri: str | Path, name: str = "posts") -> None:
    """Writes `NAME.jsonl` in a folder or below an s3:// prefix, pictures in `pictures/NAME`."""
    files = open_files(str(uri))
    lines = [
        orjson.dumps(_record(files, f"pictures/{name}/{row:06d}", post))
        for row, post in enumerate(posts, start=1)
    ]
    files.write(f"{name}.jsonl", b"".join(line + b"\n" for line in lines))


def write_parquet(posts: Iterable[Post], path: str | Path) -> None:
    """Writes one local Parquet file, pictures inside; each extra field becomes a column."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(_parquet(list(posts)))


def parquet_shards(posts: Iterable[Post]) -> Iterator[bytes]:
    """The content of Parquet files of about `SHARD_BYTES`, one after the other, pictures inside.

    No more than one of them and its posts are in memory.
    """
    shard: list[Post] = []
    size = 0
    for post in posts:
        shard.append(post)
        size += _size(post)
        if size >= SHARD_BYTES:
            yield _parquet(shard)
            shard, size = [], 0
    if shard:
        yield _parquet(shard)


def _parquet(posts: Sequence[Post]) -> bytes:
    several = any(post.images for post in posts)
    schema = [*_PARQUET_FIELDS, *_FURTHER_FIELDS] if several else _PARQUET_FIELDS
    columns = [
        pa.array([fields[field.name] for fields in map(_with_images, posts)], field.type)
        for field in schema
    ]
    names = [field.name for field in schema]
    for name in sorted({name for post in posts for name in post.extra}):
        names.append(name)
        columns.append(_column([post.extra.get(name) for post in posts]))
    size = max(sum(map(_size, posts)), 1)
    rows = min(max(GROUP_BYTES * len(posts) // size, 1), _GROUP_ROWS)
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns, names=names), sink, row_group_size=rows)
    return sink.getvalue().to_pybytes()


def _column(values: Sequence[Any]) -> pa.Array:
    """The values as they are, or as JSON where no type of Parquet gives back all of them."""
    try:
        column = pa.array(values)
        # Objects without keys have no place in a file, though they have one in memory.
        if column.to_pylist() == values and "struct<>" not in str(column.type):
            return column
    except (pa.ArrowException, OverflowError):
        pass
    as_json = (json.dumps(value, ensure_ascii=False) for value in values)
    return pa.array(
        [
            value if isinstance(value, str | None) else text
            for value, text in zip(values, as_json, strict=True)
        ],
        pa.string(),
    )


def _size(post: Post) -> int:
    """About the bytes of a post, in memory as in a file."""
    return post.size + _POST_BYTES


def _with_images(post: Post) -> dict[str, Any]:
    """Those inside the file come first when it is read, so pictures of both kinds may change
    their order."""
    return _fields(post) | {
        "image": post.image,
        "images": [one for one in post.images if isinstance(one, bytes)] or None,
        "image_uris": [one for one in post.images if isinstance(one, str)] or None,
    }


def _fields(post: Post) -> dict[str, Any]:
    return {
        "id": post.id,
        "text": post.text,
        "image_uri": post.image_uri,
        "created_at": post.created_at,
        "keyphrases": None if post.keyphrases is None else list(post.keyphrases),
    }


def _record(files: Files, picture: str, post: Post) -> dict[str, Any]:
    record = dict(post.extra) | _fields(post)
    if post.image is not None:
        record["image_uri"] = _written(files, picture, post.image)
    if post.images:
        record["image_uris"] = [
            one if isinstance(one, str) else _written(files, f"{picture}-{number}", one)
            for number, one in enumerate(post.images, start=1)
        ]
    return {name: value for name, value in record.items() if value is not None}


def _written(files: Files, name: str, picture: bytes) -> str:
    """Where the picture now lies."""
    uri = f"{name}.{_extension(picture)}"
    files.write(uri, picture)
    return uri


def _extension(picture: bytes) -> str:
    """By content; `bin` for bytes that are no picture, which a test may well want to write."""
    try:
        with Image.open(io.BytesIO(picture)) as opened:
            return (opened.format or "bin").lower()
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError):
        return "bin"
