"""A dump of nothing but trouble goes through a whole run, and each post ends as it should."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from indexer.index.location import open_index
from indexer.index.query import Query
from indexer.job import IndexJob
from indexer.run import index_dump
from tests.indexer.stand_in import LastWord, refuse_to_load
from tests.sample_pictures import encoded, huge_png, plain

pytestmark = [pytest.mark.timeout(300), pytest.mark.usefixtures("ray_session")]

JPEG = encoded(plain().resize((200, 200)), "JPEG")
SLIVER = encoded(plain().resize((20_000, 10)))
PICTURES = {
    "truncated": JPEG[: len(JPEG) // 2],
    "huge": huge_png(),
    "text named jpg": b"I am a text file named .jpg",
    "nothing": b"",
}
"""Neither good beside the dump nor inside it."""
WHY = {
    "truncated": "broken picture",
    "huge": "picture too large",
    "text named jpg": "broken picture",
    "nothing": "broken picture",
}
URIS = {
    "http": "http://example.org/x.jpg",
    "file": "file:///etc/passwd",
    "data": "data:image/png;base64,AAAA",
    "up": "../../etc/passwd",
    "absolute": "/etc/passwd",
    "bucket": "s3://some-other-bucket/x.jpg",
}
GOOD = {
    "long": "word " * 200_000 + "finis",
    "emoji": "👩‍👩‍👧‍👦 🎉🏳️‍🌈 party",
    "chinese": "敏捷的棕色狐狸",
    "right to left": "\u202eשלום مرحبا\u202c",
    "angle <b>": "<script>alert(1)</script>",
}
BAD_LINES = (b'{"id": "cut", "text": "of', b"\xff\xfe\x00", b"null", b'{"text": "no id"}')


def lines() -> list[bytes]:
    records: list[dict[str, Any]] = [{"id": key, "text": text} for key, text in GOOD.items()]
    records += [{"id": f"beside {key}", "text": "x", "image_uri": f"{key}.jpg"} for key in PICTURES]
    records += [{"id": key, "text": "x", "image_uri": uri} for key, uri in URIS.items()]
    records += [
        {"id": "fine", "image_uri": "fine.jpg"},
        {"id": "gone", "text": "x", "image_uri": "gone.jpg"},
        {"id": "empty", "text": " "},
        {"id": "emoji", "text": "a second one"},
        {"id": "inside truncated", "text": "a third one"},
    ]
    return [*(json.dumps(record).encode() for record in records), *BAD_LINES]


def expected_reasons(rows: int) -> dict[str, str]:
    first_bad = rows - len(BAD_LINES) + 1
    return {
        **{f"inside {key}": why for key, why in WHY.items()},
        **{f"beside {key}": why for key, why in WHY.items()},
        **dict.fromkeys(URIS, "picture refused"),
        "gone": "picture missing",
        "empty": "empty post",
        f"b.jsonl:{first_bad - 2}": "duplicate id",
        f"b.jsonl:{first_bad - 1}": "duplicate id",
        **{f"b.jsonl:{row}": "broken record" for row in range(first_bad, rows)},
        f"b.jsonl:{rows}": "missing id",
    }


def write_hostile_dump(folder: Path) -> int:
    """Returns how many lines its JSON Lines file has."""
    folder.mkdir()
    inside = [{"id": f"inside {key}", "text": "x", "image": data} for key, data in PICTURES.items()]
    inside.append({"id": "sliver", "text": "thin", "image": SLIVER})
    pq.write_table(pa.Table.from_pylist(inside), folder / "a.parquet", row_group_size=2)
    (folder / "b.jsonl").write_bytes(b"\n".join(lines()))
    (folder / "c.tar").write_bytes(b"I am no tar" * 100)
    (folder / "d.parquet").write_bytes(b"PAR1")
    (folder / "fine.jpg").write_bytes(JPEG)
    for key, data in PICTURES.items():
        (folder / f"{key}.jpg").write_bytes(data)
    return len(lines())


def test_a_hostile_dump_is_indexed_as_far_as_it_can_be(tmp_path: Path, store: str) -> None:
    rows = write_hostile_dump(tmp_path / "dump")
    job = IndexJob(
        dump=str(tmp_path / "dump"),
        index=f"embedded:{tmp_path / 'index'}",
        store=store,
        model="tiny@1",
        actors=1,
        model_rows=4,
    )
    good = {*GOOD, "fine", "sliver"}
    first = index_dump(job, load=LastWord)
    letters = pq.read_table(str(first.dead_letters)).to_pylist()
    reasons = {row["key"]: row["reason"] for row in letters}
    broken_files = {key: why for key, why in reasons.items() if key.startswith(("c.tar", "d.par"))}
    assert set(broken_files.values()) == {"broken file"}
    assert {key: reasons[key] for key in reasons.keys() - broken_files} == expected_reasons(rows)
    assert len(letters) == len(reasons) == first.dead
    assert (first.generated, first.read) == (len(good), len(good) + len(letters))

    index = open_index(job.index)
    hits = {hit.id: hit for hit in index.reader.search(Query(limit=100)).hits}
    assert set(hits) == good
    assert [one.phrase for one in hits["sliver"].keyphrases] == ["thin", "80x10"]
    assert index.reader.search(Query(words="狐狸")).total == 1

    second = index_dump(job, load=refuse_to_load)
    assert (second.unchanged, second.generated, second.dead) == (len(good), 0, first.dead)
