"""Whole nights on S3 in bad weather, as `keyphrases index` runs them.

Each run is a process with a Ray of its own: its workers inherit the address of the proxy from it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from indexer.index.location import open_index
from indexer.index.query import Query
from model_store.base import load_base
from model_store.bundle import save_bundle
from model_store.generation import GenerationSettings
from model_store.lora import LoraSettings, attach_lora
from model_store.store import Store
from posts.files import Files, open_files
from posts.files.s3_retry import PATIENCE_VARIABLE
from tests.indexer.dumps import jpeg
from tests.servers.fault_proxy import (
    ANY_TIME,
    BROKEN_BODIES,
    Fault,
    FaultProxy,
    Request,
    a_share,
    the_first,
)
from tests.servers.s3 import S3Server
from tests.tiny_models import tiny_base

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

ROWS, LINES = 120, 80
REFUSED = "bad.jpg"
"""A picture that the server may be told to refuse for good."""
DEAD = {
    "l.jsonl:81": "broken record",
    "l.jsonl:82": "duplicate id",
    "missing": "picture missing",
    "broken": "broken picture",
}


@dataclass(frozen=True)
class Night:
    """A dump and a store on S3, seen through the proxy."""

    files: Files
    """The bucket, past the proxy."""
    proxy: FaultProxy
    folder: Path
    environment: dict[str, str]

    @property
    def index(self) -> str:
        return f"embedded:{self.folder / 'index'}"

    def run(self, patience: float) -> subprocess.CompletedProcess[str]:
        root = self.files.root
        return subprocess.run(
            [
                *(sys.executable, "-m", "keyphrases", "index", f"{root}/dump"),
                *("--index", self.index, "--store", f"{root}/models", "--model", "tiny@1"),
                *("--dead-letters", f"{root}/letters", "--actors", "1"),
            ],
            capture_output=True,
            text=True,
            timeout=500,
            env=os.environ | self.environment | {PATIENCE_VARIABLE: str(patience)},
        )

    def letters(self, run: str) -> list[dict[str, Any]]:
        data = self.files.read(f"letters/{run}.parquet")
        rows: list[dict[str, Any]] = pq.read_table(pa.BufferReader(data)).to_pylist()
        return rows


@pytest.fixture
def night(s3: S3Server, tmp_path: Path) -> Iterator[Night]:
    files = open_files(f"s3://{s3.bucket()}")
    publish(files.root, tmp_path)
    write_dump(files)
    with FaultProxy(s3.endpoint) as proxy:
        environment = s3.environment | {
            "AWS_ENDPOINT_URL_S3": proxy.endpoint,
            "XDG_CACHE_HOME": str(tmp_path / "cache"),
        }
        yield Night(files, proxy, tmp_path, environment)


def publish(root: str, folder: Path) -> None:
    base = load_base(str(tiny_base("llava", folder / "bases")))
    attach_lora(base.model, base.family, LoraSettings(r=4, alpha=8))
    generation = GenerationSettings(beams=2, max_new_tokens=4)
    save_bundle(folder / "bundle", base, generation=generation, training={}, metrics={}, data={})
    Store(f"{root}/models").publish("tiny", folder / "bundle")


def write_dump(files: Files) -> None:
    """Parquet with pictures inside, JSON Lines with pictures beside, and four bad posts."""
    rows = [
        {"id": f"row-{n}", "text": f"row {n}", "image": jpeg(n) if n % 2 else None}
        for n in range(ROWS)
    ]
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows), sink, row_group_size=30)
    files.write("dump/p.parquet", sink.getvalue().to_pybytes())
    lines = []
    for n in range(LINES):
        # Half of them lie apart, so that a listing does not show them all at once.
        name = f"pictures/{n:03}.jpg" if n % 2 else f"more/{n % 9}/{n}.jpg"
        files.write(f"dump/{name}", jpeg(n))
        lines.append(json.dumps({"id": f"line-{n}", "text": f"line {n}", "image_uri": name}))
    lines += [
        "{this is no JSON",
        json.dumps({"id": "line-1", "text": "a duplicate"}),
        json.dumps({"id": "missing", "text": "see", "image_uri": "not/here.jpg"}),
        json.dumps({"id": "broken", "text": "see", "image_uri": "broken.jpg"}),
        json.dumps({"id": "refused", "text": "see", "image_uri": REFUSED}),
    ]
    files.write("dump/broken.jpg", jpeg(0)[:100])
    files.write(f"dump/{REFUSED}", jpeg(1))
    files.write("dump/l.jsonl", "\n".join(lines).encode())


def ids_of(location: str) -> list[str]:
    index = open_index(location)
    try:
        return [hit.id for hit in index.reader.search(Query(limit=10_000)).hits]
    finally:
        index.close()


GOOD = {f"row-{n}" for n in range(ROWS)} | {f"line-{n}" for n in range(LINES)} | {"refused"}


def test_a_night_in_which_a_third_of_the_requests_fail_loses_and_doubles_nothing(
    night: Night,
) -> None:
    # The very first answer must be a good one, or a denial would be taken for a wrong key.
    night.proxy.rule = after(1, a_share(1 / 3, seed=12))
    done = night.run(patience=120)

    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["read"] == len(GOOD) + len(DEAD)
    assert (summary["generated"], summary["dead"]) == (len(GOOD), len(DEAD))
    assert summary["read"] == summary["indexed"] + summary["unchanged"] + summary["dead"]
    assert Counter(ids_of(night.index)) == Counter(GOOD)
    letters = night.letters(summary["run"])
    assert sorted((letter["key"], letter["reason"]) for letter in letters) == sorted(DEAD.items())
    assert night.proxy.passed > 100
    assert 0.26 < night.proxy.fault_share < 0.41
    assert night.proxy.counts.keys() >= {*ANY_TIME, *BROKEN_BODIES}


def test_a_picture_refused_all_night_is_a_dead_letter_and_indexed_by_the_next_run(
    night: Night,
) -> None:
    night.proxy.rule = the_first(-1, Fault.SLOW_DOWN, path=REFUSED)
    first = night.run(patience=3)

    assert first.returncode == 0, first.stderr
    summary = json.loads(first.stdout)
    (letter,) = [one for one in night.letters(summary["run"]) if one["key"] == "refused"]
    assert (letter["reason"], letter["transient"]) == ("picture unavailable", True)
    assert (summary["generated"], summary["dead"]) == (len(GOOD) - 1, len(DEAD) + 1)

    night.proxy.rule = a_share(0, seed=0)
    second = night.run(patience=3)

    assert second.returncode == 0, second.stderr
    summary = json.loads(second.stdout)
    assert (summary["generated"], summary["unchanged"]) == (1, len(GOOD) - 1)
    assert Counter(ids_of(night.index)) == Counter(GOOD)


def test_a_data_file_refused_for_good_ends_the_run_in_one_line_and_the_next_goes_on(
    night: Night,
) -> None:
    # Asked for by the first look, by the reading of ids, and then by that of posts.
    night.proxy.rule = after_heads(2, "p.parquet", Fault.SLOW_DOWN)
    failed = night.run(patience=3)

    assert failed.returncode == 1, failed.stderr
    # Above it may stand how far the run had come.
    line = failed.stderr.strip().splitlines()[-1]
    assert line.startswith("keyphrases: ")
    assert "Traceback" not in failed.stderr
    assert "too busy" in line
    assert "the next run goes on from there" in line
    kept = ids_of(night.index)

    night.proxy.rule = a_share(0, seed=0)
    done = night.run(patience=3)

    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert (summary["unchanged"], summary["generated"]) == (len(kept), len(GOOD) - len(kept))
    assert summary["dead"] == len(DEAD)
    assert Counter(ids_of(night.index)) == Counter(GOOD)


def after(count: int, rule: Any) -> Any:
    """The rule, once so many requests have passed."""
    left = count

    def later(request: Request) -> Fault | None:
        nonlocal left
        left -= 1
        return rule(request) if left < 0 else None

    return later


def after_heads(count: int, path: str, fault: Fault) -> Any:
    """The fault for a path once its head has been asked for so many times."""
    heads = 0

    def rule(request: Request) -> Fault | None:
        nonlocal heads
        if path not in request.path:
            return None
        heads += request.method == "HEAD"
        return fault if heads > count else None

    return rule
