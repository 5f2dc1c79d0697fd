"""Building the arrays of a snapshot.

It reads each stored document once, sorts its words in pieces and merges these. What it holds
meanwhile is about 400 bytes a post, 300 for each different word and keyphrase, and 500 MB; on the
disk it takes for a time twice what it leaves.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from indexer.index.embedded.columns.arrays import Array, ArrayFolder
from indexer.index.embedded.columns.harvest import Harvest, harvest
from indexer.index.embedded.columns.impact import Impact, codes_of
from indexer.index.embedded.columns.marks import save_marks
from indexer.index.embedded.columns.names import save_names
from indexer.index.embedded.columns.postings import save_postings
from indexer.index.embedded.columns.runs import Runs
from indexer.index.embedded.columns.seal import seal
from indexer.index.embedded.columns.snapshot import Snapshot
from indexer.index.embedded.columns.spelling import save_spelling

SPELLING = "spelling"
"""The folder of `Spelling`."""

_MOST_PLACES = 2**32
_TOLD_EVERY = 15.0
"""Seconds."""

_log = logging.getLogger(__name__)


def build(folder: Path, snapshot: Snapshot) -> None:
    """Fills a new folder and seals it."""
    folder.mkdir()
    begun = time.monotonic()
    progress = _Progress(begun)
    scratch = ArrayFolder(folder / "scratch")
    scratch.path.mkdir()
    arrays = ArrayFolder(folder)
    read = harvest(scratch, snapshot, progress.of("posts"))
    rows = _rows_by_id(read)
    if int(np.diff(read.stream_ends)[rows].sum()) >= _MOST_PLACES:
        raise ValueError("the index has too many words for arrays")
    _save_posts(arrays, snapshot, read, rows)
    save_marks(arrays, read, rows)
    terms = sorted(read.terms)
    save_names(arrays, "terms", terms)
    save_spelling(folder / SPELLING, terms)
    _save_words(arrays, read, rows, terms, progress)
    for path in scratch.path.iterdir():
        path.unlink()
    scratch.path.rmdir()
    seal(folder)
    _log.info("arrays of %d posts built in %.0f s", len(rows), time.monotonic() - begun)


def _rows_by_id(read: Harvest) -> Array:
    alive = np.flatnonzero(read.alive).tolist()
    return np.array(sorted(alive, key=read.ids.__getitem__), np.int64)


def _save_posts(arrays: ArrayFolder, snapshot: Snapshot, read: Harvest, rows: Array) -> None:
    save_names(arrays, "ids", [read.ids[row] for row in rows.tolist()])
    segments = np.repeat(np.arange(len(snapshot.sizes)), snapshot.sizes)
    begins = np.cumsum(snapshot.sizes) - snapshot.sizes
    arrays.save("segments", segments[rows].astype(np.int32))
    arrays.save("segment_rows", (rows - begins[segments[rows]]).astype(np.int32))
    arrays.save("created", read.created[rows])
    arrays.save("has_picture", read.has_picture[rows])
    arrays.save("best", read.best[rows])
    arrays.save("aligned", read.aligned[rows])


def _save_words(
    arrays: ArrayFolder, read: Harvest, rows: Array, terms: Sequence[str], progress: _Progress
) -> None:
    numbers = np.zeros(len(terms), np.int64)
    numbers[[read.terms[term] for term in terms]] = np.arange(len(terms))
    runs = Runs(read, rows, numbers)
    impact = Impact(
        rows=len(read.alive),
        frequencies=runs.frequencies,
        codes=codes_of(runs.lengths),
        mean_lengths=runs.total_lengths / max(1, len(read.alive)),
    )
    arrays.save("starts", runs.starts)
    save_postings(arrays, runs.load(), impact, len(rows), progress.of("words"))


class _Progress:
    """Says now and then how far it is."""

    def __init__(self, begun: float) -> None:
        self._told = begun

    def of(self, what: str) -> _Told:
        return _Told(self, what)

    def tell(self, what: str, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._told > _TOLD_EVERY:
            self._told = now
            _log.info("building arrays: %d of %d %s", done, total, what)


class _Told:
    def __init__(self, progress: _Progress, what: str) -> None:
        self._progress = progress
        self._what = what

    def __call__(self, done: int, total: int) -> None:
        self._progress.tell(self._what, done, total)
