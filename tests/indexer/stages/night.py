"""One night without Ray: the stages as plain functions, beside a real index."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from indexer.hashing import Hasher
from indexer.index.protocol import Index
from indexer.pipeline.attempts import AttemptNotes
from indexer.pipeline.packing import Part
from indexer.pipeline.verdicts import VerdictNotes
from indexer.stages.ask import Ask
from indexer.stages.decode import Decode
from indexer.stages.generate import Generate
from indexer.stages.read import Read
from indexer.stages.retried import NONE_RETRIED, RetriedKeys
from indexer.stages.sieve import Batch, Sieve
from indexer.writing.outcomes import Outcomes, outcomes_of
from posts.dump import Dump
from posts.duplicates import Duplicates, hash_ids
from posts.picture_size import PictureSize
from posts.post import Post
from posts.shown_picture import ReadWords
from tests.indexer.stand_in import LastWord

SIZE = PictureSize(side=32)
LONGEST_TEXT = 400
"""Characters of a text that is asked whole."""


class Night:
    """One run's stages over a dump and an index, without Ray."""

    def __init__(
        self,
        folder: Path,
        index: Index,
        *,
        keep_text: bool = False,
        read_words: ReadWords | None = None,
        retried: RetriedKeys = NONE_RETRIED,
        picture_gate: float | None = None,
    ) -> None:
        self.index = index
        self.picture_gate = picture_gate
        dump = Dump.open(str(folder))
        fragments = dump.fragments()
        duplicates = Duplicates.find([hash_ids(dump.ids(each)) for each in fragments])
        hasher = Hasher(
            model_digest="digest",
            ocr=read_words and "ocr 1.0",
            picture_gate=picture_gate,
            longest_text=LONGEST_TEXT,
        )
        self.fragments = range(len(fragments))
        self.attempts = AttemptNotes()
        self.read = Read(dump, fragments, duplicates, rows=50)
        self.ask = Ask(dump, index, hasher, keep_text=keep_text, retried=retried)
        self.sieve = Sieve(VerdictNotes(), rows=16)
        self.decode = Decode(dump, hasher, SIZE, keep_text=keep_text, read_words=read_words)

    def asked(self) -> list[pa.Table]:
        return [table for _, table in self.parts()]

    def parts(self) -> list[tuple[Part, pa.Table]]:
        """What a task makes of each fragment; another time, as one that is done again."""
        return [
            part for number in self.fragments for part in self.sieve(number, self._read(number))
        ]

    def _read(self, number: int) -> Iterator[Batch]:
        for posts in self.read(number):
            yield posts, self.ask(posts)

    def posts(self) -> list[list[Post]]:
        return [posts for number in self.fragments for posts in self.read(number)]

    def actions(self) -> dict[str, str]:
        rows = [row for table in self.asked() for row in table.to_pylist()]
        return {row["id"]: row["action"] for row in rows}

    def finished(self, load: Callable[[], Any] = LastWord) -> list[pa.Table]:
        """As `Generate` gives them."""
        generate = Generate(load, self.attempts, picture_gate=self.picture_gate)
        return [generate(self.decode(table), part) for part, table in self.parts()]

    def go(self, load: Callable[[], Any] = LastWord) -> Outcomes:
        """All stages, and the writes."""
        outcomes = outcomes_of(pa.concat_tables(self.finished(load)), "run")
        self.index.write(outcomes.documents, outcomes.updates, outcomes.letters)
        return outcomes


def lines(folder: Path, posts: Iterable[Mapping[str, Any]]) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "a.jsonl").write_text("".join(json.dumps(post) + "\n" for post in posts))
    return folder


def phrases(outcomes: Outcomes) -> dict[str, list[str]]:
    return {
        document.id: [one.phrase for one in document.keyphrases] for document in outcomes.documents
    }
