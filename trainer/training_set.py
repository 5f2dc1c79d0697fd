"""The posts a model learns from, as a memory-mapped file with random access.

A dump is streamed into the file once per node. What cannot be learnt from (broken posts, posts
without gold keyphrases) is left out and counted.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import logging
import os
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import numpy as np
import orjson
import pyarrow as pa

from posts.dump import Dump
from posts.errors import InputError, JobError, PostError, Reason
from posts.pictures import check_picture
from posts.post import Post

logger = logging.getLogger(__name__)

_SCHEMA = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("image", pa.large_binary()),
        pa.field("keyphrases", pa.list_(pa.string()), nullable=False),
    ]
)
_ROWS_PER_BATCH = 64
_READERS = 4
_KEPT_SECONDS = 14 * 24 * 3600
_NO_GOLD = "no gold keyphrases"


@dataclass(frozen=True, kw_only=True, slots=True)
class Example:
    """A post with gold keyphrases; its picture, if it has one, is known to decode."""

    id: str
    text: str
    image: bytes | None
    keyphrases: tuple[str, ...]


class TrainingSet:
    """Random access to examples; holds none of them in memory."""

    def __init__(self, path: Path, left_out: Mapping[str, int] | None = None) -> None:
        self.path = path
        self.fingerprint = path.stem
        """SHA-256 over all that is learnt from: ids, texts, gold keyphrases, pictures, order."""
        self.left_out = dict(left_out or {})
        """How many posts of the dump were left out, by reason; known to who built the file."""
        with pa.memory_map(str(path)) as source:
            reader = pa.ipc.open_file(source)
            self._batches = [reader.get_batch(i) for i in range(reader.num_record_batches)]
        self._ends = np.cumsum([batch.num_rows for batch in self._batches])

    @classmethod
    def build(cls, dump_uri: str, folder: Path, limit: int | None = None) -> Self:
        """Streams a dump into a file of the folder, named by the fingerprint.

        With `limit`, only that many examples from the start. Raises InputError if there is none.
        """
        dump = Dump.open(dump_uri)
        folder.mkdir(parents=True, exist_ok=True)
        _remove_old(folder)
        left_out: Counter[str] = Counter()
        digest = hashlib.sha256()
        handle, name = tempfile.mkstemp(dir=folder, suffix=".part")
        part = Path(name)
        try:
            with os.fdopen(handle, "wb") as sink, pa.ipc.new_file(sink, _SCHEMA) as writer:
                examples = itertools.islice(_examples(dump, left_out), limit)
                count = 0
                while rows := list(itertools.islice(examples, _ROWS_PER_BATCH)):
                    for example in rows:
                        digest.update(_identity(example))
                    table = pa.RecordBatch.from_pylist([asdict(e) for e in rows], schema=_SCHEMA)
                    writer.write_batch(table)
                    count += len(rows)
            if not count:
                raise InputError(
                    f"no post of {dump_uri} is whole and has gold keyphrases ({tally(left_out)})"
                )
            path = part.replace(folder / f"{digest.hexdigest()}.arrow")
        finally:
            part.unlink(missing_ok=True)
        if left_out:
            logger.warning("%s: left out %s", dump_uri, tally(left_out))
        return cls(path, left_out)

    @classmethod
    def open(cls, fingerprint: str, dump_uri: str, folder: Path, limit: int | None = None) -> Self:
        """The file of that fingerprint, built from the dump if this node does not have it yet.

        Raises JobError if the dump is no longer what it was.
        """
        path = folder / f"{fingerprint}.arrow"
        if path.exists():
            return cls(path)
        built = cls.build(dump_uri, folder, limit)
        if built.fingerprint != fingerprint:
            raise JobError(f"{dump_uri} changed while a model was being trained on it")
        return built

    def __len__(self) -> int:
        return int(self._ends[-1])

    def ids(self) -> list[str]:
        """Of all examples, in order; nothing else of them is read."""
        return [str(id) for batch in self._batches for id in batch.column("id").to_pylist()]

    def __getitem__(self, row: int) -> Example:
        batch = int(np.searchsorted(self._ends, row, side="right"))
        if not 0 <= row < len(self):
            raise IndexError(row)
        start = int(self._ends[batch - 1]) if batch else 0
        values = self._batches[batch].slice(row - start, 1).to_pylist()[0]
        return Example(**values | {"keyphrases": tuple(values["keyphrases"])})


def _remove_old(folder: Path) -> None:
    """Removes what runs that failed, or were killed, left on this node."""
    for path in (*folder.glob("*.arrow"), *folder.glob("*.part")):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > _KEPT_SECONDS:
                path.unlink()


def _examples(dump: Dump, left_out: Counter[str]) -> Iterator[Example]:
    """Examples in the dump's order; pictures are fetched and tried a few at a time."""
    posts = dump.posts()
    with ThreadPoolExecutor(_READERS) as readers:
        while some := list(itertools.islice(posts, _ROWS_PER_BATCH)):
            for outcome in readers.map(lambda post: _example(dump, post), some):
                if isinstance(outcome, Example):
                    yield outcome
                else:
                    left_out[outcome] += 1


def _example(dump: Dump, post: Post) -> Example | str:
    """The example, or why the post is none."""
    try:
        if post.error is not None:
            raise post.error
        if not post.text.strip() and not post.has_picture:
            raise PostError(Reason.EMPTY_POST)
        if not any(phrase.strip() for phrase in post.keyphrases or ()):
            return _NO_GOLD
        image = dump.picture(post) if post.has_picture else None
        if image is not None:
            check_picture(image)
    except PostError as error:
        return str(error.reason)
    keyphrases = tuple(post.keyphrases or ())
    return Example(id=post.id, text=post.text, image=image, keyphrases=keyphrases)


def _identity(example: Example) -> bytes:
    picture = None if example.image is None else hashlib.sha256(example.image).hexdigest()
    return orjson.dumps([example.id, example.text, example.keyphrases, picture])


def tally(left_out: Mapping[str, int]) -> str:
    """In words, the most frequent reasons first."""
    found = Counter(left_out).most_common()
    return ", ".join(f"{count:,} {one}" for one, count in found) or "it is empty"
