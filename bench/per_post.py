"""What each part of a run but its model costs a post: microseconds of one core, and bytes.

    python -m bench.per_post [--posts 50000]

Writes bench/results/per_post.json, on which docs/scaling.md builds. Elasticsearch is the server at
ELASTICSEARCH_URL or, without, the one that the tests start.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import tracemalloc
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from bench.indexing.dumps import write_texts
from bench.indexing.servers import elasticsearch, s3_bucket
from bench.result import write_result
from indexer.hashing import Hasher
from indexer.index.location import open_index
from indexer.index.records import Build
from indexer.job import IndexJob
from indexer.pipeline.packing import Part, pack, unpack
from indexer.progress.tally import Tally
from indexer.stages.ask import Ask
from indexer.stages.columns import FINISHED, Action, conform
from indexer.stages.read import Read
from indexer.writing.dead_letters import DeadLetterFile
from indexer.writing.outcomes import outcomes_of
from indexer.writing.writer import Writer
from posts.dump import Dump
from posts.duplicates import Duplicates, hash_ids
from posts.files import open_files
from posts.post import Post

_HASHES = 10_000_000
_KEYS = 5_000
_BUILD = Build(model="bench@1", model_digest="0" * 64, run="bench")
_METHOD = (
    "One process, one thread, wall time, posts with a text of twenty words in one Parquet file; "
    "each part by itself. ids: reading and hashing them, as a run does first. duplicates: finding "
    f"them among {_HASHES:,} hashes, in the driver. read: the read stage. ask: the ask stage over "
    "posts that the index holds unchanged (embedded: in the same process; Elasticsearch: on the "
    "same machine). drive: what the driver does with finished posts but for the index itself. "
    "write: the writes of new posts, until they are confirmed. listing: of the keys of a bucket on "
    f"a SeaweedFS on the same machine, {_KEYS:,} of them, microseconds a key. Bytes: of a finished "
    "post on its way through Ray, of what the driver keeps of the id of each post of the dump, and "
    "of what it takes at most beside that while it looks for duplicates."
)


def main() -> None:
    """Measures, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--posts", type=int, default=50_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_texts(folder / "dump", arguments.posts)
        measured = measure(folder, arguments.posts)
    print(measured)
    write_result("per_post", _METHOD, measured)


def measure(folder: Path, posts: int) -> dict[str, Any]:
    """`microseconds` and `bytes` a post, by part."""
    dump = Dump.open(folder / "dump")
    fragments = dump.fragments()
    taken: dict[str, float] = {}
    with _timed(taken, "ids", posts):
        hashes = [hash_ids(dump.ids(fragment)) for fragment in fragments]
    many = np.random.default_rng(0).integers(0, 2**63, (_HASHES, 2), dtype=np.uint64)
    with _timed(taken, "duplicates", _HASHES):
        Duplicates.find([many])
    tracemalloc.start()
    Duplicates.find([many])
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    job = IndexJob(dump="", index="embedded:none", store="", model="")
    read = Read(dump, fragments, Duplicates.find(hashes), job.read_rows)
    with _timed(taken, "read", posts):
        batches = [batch for fragment in fragments for batch in read(fragment.number)]
    with elasticsearch() as url:
        places = {"embedded": f"embedded:{folder / 'index'}", "elasticsearch": f"{url}/bench"}
        for name, place in places.items():
            finished = _fill_and_ask(place, dump, batches, taken, name, posts)
    with s3_bucket(folder / "s3") as root:
        files = open_files(root)
        with ThreadPoolExecutor(16) as threads:
            names = (f"pictures/{number:08}.jpg" for number in range(_KEYS))
            deque(threads.map(lambda name: files.write(name, b"x"), names), maxlen=0)
        with _timed(taken, "listing", _KEYS):
            sum(1 for _ in files.list())
    packed = sum(pack(table, Part(fragment=0, number=0, last=False)).nbytes for table in finished)
    return {
        "posts": posts,
        "microseconds": taken,
        "bytes": {
            "finished_post": packed / posts,
            "id_hash": many.nbytes / _HASHES,
            "finding_duplicates": most / _HASHES,
        },
    }


def _fill_and_ask(
    place: str,
    dump: Dump,
    batches: Sequence[Sequence[Post]],
    taken: dict[str, float],
    name: str,
    posts: int,
) -> list[pa.Table]:
    """Asks about posts that are new, writes them, and asks again; the finished tables."""
    index = open_index(place)
    tally = Tally()
    try:
        with index.lock("bench"):
            index.begin(_BUILD)
            ask = Ask(dump, index, Hasher(model_digest="0" * 64), keep_text=False)
            finished = [_finished(ask(batch)) for batch in batches]
            writer = Writer(
                *(index, tally, DeadLetterFile(None, "bench"), "bench"),
                at_once=index.writes_at_once,
            )
            with _timed(taken, f"write {name}", posts):
                for table in finished:
                    writer.add(outcomes_of(table, "bench"))
                writer.flush()
            with _timed(taken, "drive", posts):
                for table in finished:
                    for _, one in unpack(pack(table, Part(fragment=0, number=0, last=False))):
                        outcomes_of(one, "bench")
            index.finish()
            index.refresh()
            with _timed(taken, f"ask {name}", posts):
                again = [ask(batch) for batch in batches]
    finally:
        index.close()
    if tally.generated != posts or any(_actions(table) != {Action.UNCHANGED} for table in again):
        raise RuntimeError(f"not all posts were written to {place} and found there unchanged")
    return finished


def _finished(asked: pa.Table) -> pa.Table:
    phrases = [[{"phrase": "a phrase", "score": 0.5}, {"phrase": "another", "score": 0.4}]]
    table = conform(asked, FINISHED)
    added: Mapping[str, Any] = {
        "has_picture": [False] * len(table),
        "keyphrases": phrases * len(table),
    }
    for name, values in added.items():
        at = FINISHED.get_field_index(name)
        table = table.set_column(at, FINISHED.field(at), pa.array(values, FINISHED.field(at).type))
    return table


def _actions(table: pa.Table) -> set[str]:
    return set(table.column("action").to_pylist())


@contextmanager
def _timed(taken: dict[str, float], part: str, count: int) -> Iterator[None]:
    begun = time.perf_counter()
    yield
    taken[part] = (time.perf_counter() - begun) / count * 1e6


if __name__ == "__main__":
    main()
