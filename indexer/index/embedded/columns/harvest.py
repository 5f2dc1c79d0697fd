"""The harvest: what the stored documents of a table hold, row by row, in arrays of numbers."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import tantivy

from indexer.index.embedded.columns.arrays import Array, ArrayFolder, ends_of
from indexer.index.embedded.columns.snapshot import Snapshot
from indexer.index.embedded.columns.vocabulary import FIELDS, HOLE, Vocabulary
from indexer.index.embedded.table import read_source
from indexer.index.stored import alignment_of, hundredths, milliseconds, strength

NO_DATE = np.iinfo(np.int64).min
"""Before all dates."""
NO_SCORE = -1
"""Below all scores."""

_CHUNK = 10_000
"""Rows whose numbers are held as objects."""
_MOST_TEXTS = 500_000
"""Phrases of a field whose terms are remembered."""
_TEXT = FIELDS.index("text")


@dataclass(frozen=True, kw_only=True)
class Harvest:
    """Rows are in the order of the table, those that are deleted among them.

    In the folder lie, row by row, `stream`: terms in fields by their places, as `Vocabulary`
    numbers them, with a hole behind each value; `marks` and `mark_scores`: keyphrases by number,
    and their scores in hundredths, each once a row.
    """

    folder: ArrayFolder
    alive: Array
    ids: list[str]
    created: Array
    has_picture: Array
    best: Array
    aligned: Array
    stream_ends: Array
    mark_ends: Array
    terms: Mapping[str, int]
    phrases: Mapping[str, int]


def harvest(
    folder: ArrayFolder, snapshot: Snapshot, on_rows: Callable[[int, int], None]
) -> Harvest:
    """Reads all rows once; `on_rows` is told how many of how many it has.

    Holds about 200 bytes a row, and 200 for each different word and keyphrase.
    """
    gathering = _Gathering(folder)
    with gathering.stream, gathering.marks, gathering.mark_scores:
        for count, source in enumerate(_sources(snapshot), start=1):
            gathering.add(source)
            if count % _CHUNK == 0:
                gathering.flush()
                on_rows(count, snapshot.rows)
        gathering.flush()
    return Harvest(
        folder=folder,
        alive=snapshot.alive(),
        ids=gathering.ids,
        created=np.frombuffer(gathering.created, np.int64),
        has_picture=np.frombuffer(gathering.has_picture, np.int8).astype(bool),
        best=np.frombuffer(gathering.best, np.int8),
        aligned=np.frombuffer(gathering.aligned, np.int8),
        stream_ends=ends_of(np.frombuffer(gathering.stream_lengths, np.int32)),
        mark_ends=ends_of(np.frombuffer(gathering.mark_lengths, np.int32)),
        terms=gathering.vocabulary.numbers,
        phrases=gathering.phrases,
    )


def _sources(snapshot: Snapshot) -> Iterator[dict[str, Any]]:
    for segment, size in enumerate(snapshot.sizes):
        for row in range(size):
            yield read_source(snapshot.searcher, tantivy.DocAddress(segment, row))


class _Gathering:
    def __init__(self, folder: ArrayFolder) -> None:
        self.vocabulary = Vocabulary()
        self.phrases: dict[str, int] = {}
        self.ids: list[str] = []
        self.created, self.has_picture = array("q"), array("b")
        self.best, self.aligned = array("b"), array("b")
        self.stream_lengths, self.mark_lengths = array("i"), array("i")
        self.stream = folder.writer("stream", np.int32)
        self.marks = folder.writer("marks", np.int32)
        self.mark_scores = folder.writer("mark_scores", np.int8)
        self._stream: list[int] = []
        self._marks: list[int] = []
        self._mark_scores: list[int] = []
        self._values = {name: _Values(self.vocabulary, name) for name in FIELDS}

    def add(self, source: Mapping[str, Any]) -> None:
        stream, marks = self._stream, self._marks
        begin, first_mark = len(stream), len(marks)
        stream.extend(self.vocabulary.cut(source["text"], _TEXT))
        stream.append(HOLE)
        scores: dict[str, int] = {}
        for phrase, score in zip(source["keyphrases"], source["scores"], strict=True):
            stream.extend(self._values[strength(score)][phrase])
            scores[phrase] = max(hundredths(score), scores.get(phrase, 0))
        for phrase in scores:
            marks.append(self.phrases.setdefault(phrase, len(self.phrases)))
        self._mark_scores.extend(scores.values())
        date = source["created_at"]
        self.ids.append(source["id"])
        self.best.append(max(scores.values(), default=NO_SCORE))
        alignment = alignment_of(source)
        self.aligned.append(NO_SCORE if alignment is None else alignment)
        self.has_picture.append(int(source["has_picture"]))
        self.created.append(NO_DATE if date is None else milliseconds(datetime.fromisoformat(date)))
        self.stream_lengths.append(len(stream) - begin)
        self.mark_lengths.append(len(marks) - first_mark)

    def flush(self) -> None:
        for writer, kept in (
            (self.stream, self._stream),
            (self.marks, self._marks),
            (self.mark_scores, self._mark_scores),
        ):
            writer.append(np.array(kept, np.int32))
            kept.clear()


class _Values(dict[str, tuple[int, ...]]):
    """Terms of values of a field, with the hole behind each."""

    def __init__(self, vocabulary: Vocabulary, name: str) -> None:
        self._vocabulary = vocabulary
        self._field = FIELDS.index(name)

    def __missing__(self, phrase: str) -> tuple[int, ...]:
        if len(self) >= _MOST_TEXTS:
            self.clear()
        found = self[phrase] = (*self._vocabulary.cut(phrase, self._field), HOLE)
        return found
