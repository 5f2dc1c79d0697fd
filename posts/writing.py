"""Writing small dumps: for imports, the demo and tests."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image, UnidentifiedImageError

from posts.files import Files, open_files
from posts.post import Post

_PARQUET_FIELDS = [
    pa.field("id", pa.string()),
    pa.field("text", pa.string()),
    pa.field("image", pa.binary()),
    pa.field("image_uri", pa.string()),
    pa.field("created_at", pa.timestamp("us", tz="UTC")),
    pa.field("keyphrases", pa.list_(pa.string())),
]


def write_json_lines(posts: Iterable[Post], uri: str | Path, name: str = "posts") -> None:
    """Writes `NAME.jsonl` in a folder or below an s3:// prefix, pictures in `pictures/NAME`."""
    files = open_files(str(uri))
    lines = [
        orjson.dumps(_record(files, f"pictures/{name}/{row:06d}", post))
        for row, post in enumerate(posts, start=1)
    ]
    files.write(f"{name}.jsonl", b"".join(line + b"\n" for line in lines))


def write_parquet(posts: Iterable[Post], path: str | Path) -> None:
    """Writes one local Parquet file, pictures inside; each extra field becomes a column.

    Raises `pyarrow.ArrowException` if a column's values have no common type.
    """
    listed = list(posts)
    rows = [_fields(post) | {"image": post.image} | dict(post.extra) for post in listed]
    extra = sorted({name for post in listed for name in post.extra})
    others = [pa.field(name, pa.array([row.get(name) for row in rows]).type) for name in extra]
    table = pa.Table.from_pylist(rows, schema=pa.schema(_PARQUET_FIELDS + others))
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, row_group_size=1000)


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
        record["image_uri"] = f"{picture}.{_extension(post.image)}"
        files.write(record["image_uri"], post.image)
    return {name: value for name, value in record.items() if value is not None}


def _extension(picture: bytes) -> str:
    """By content; `bin` for bytes that are no picture, which a test may well want to write."""
    try:
        with Image.open(io.BytesIO(picture)) as opened:
            return (opened.format or "bin").lower()
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError):
        return "bin"
