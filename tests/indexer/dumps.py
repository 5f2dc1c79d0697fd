"""Small dumps with good and bad posts."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image


def jpeg(seed: int, width: int = 60, height: int = 40) -> bytes:
    """A picture of noise."""
    pixels = random.Random(seed).randbytes(width * height * 3)
    file = io.BytesIO()
    Image.frombytes("RGB", (width, height), pixels).save(file, "JPEG")
    return file.getvalue()


def good_rows(count: int) -> list[dict[str, Any]]:
    """Posts with a text, every second one with a picture too."""
    return [
        {
            "id": f"post-{number}",
            "text": f"the number of this post is {number}",
            "image": jpeg(number) if number % 2 else None,
            "created_at": "2026-03-01T00:00:00Z",
            "lang": "en",
        }
        for number in range(count)
    ]


BAD_LINES = (
    "{this is no JSON",
    json.dumps({"id": "post-1", "text": "a duplicate"}),
    json.dumps({"id": "empty", "text": " "}),
    json.dumps({"id": "refused", "text": "see this", "image_uri": "http://example.com/a.jpg"}),
    json.dumps({"id": "missing", "text": "see this", "image_uri": "not/here.jpg"}),
    json.dumps({"id": "broken", "text": "see this", "image_uri": "broken.jpg"}),
)
"""Each is a dead letter; `broken` needs the file that `write_dump` puts beside."""

BAD_REASONS = {
    "z.jsonl:1": "broken record",
    "z.jsonl:2": "duplicate id",
    "empty": "empty post",
    "refused": "picture refused",
    "missing": "picture missing",
    "broken": "broken picture",
}


def write_dump(
    folder: Path, rows: Iterable[Mapping[str, Any]], lines: Iterable[str] = BAD_LINES
) -> Path:
    """A dump of Parquet in several row groups, and JSON Lines."""
    folder.mkdir(exist_ok=True)
    pq.write_table(pa.Table.from_pylist(list(rows)), folder / "a.parquet", row_group_size=40)
    (folder / "z.jsonl").write_text("".join(f"{line}\n" for line in lines))
    (folder / "broken.jpg").write_bytes(jpeg(0)[:100])
    return folder
