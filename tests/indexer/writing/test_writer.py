"""Writes by size, by age, and counts of what was committed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from indexer.index.location import open_index
from indexer.index.records import Build, DeadLetter, Document, DocumentUpdate, Held
from indexer.progress.tally import Tally
from indexer.writing.dead_letters import DeadLetterFile
from indexer.writing.outcomes import Outcomes
from indexer.writing.writer import Writer, WriteSettings
from posts.errors import JobError, Reason
from posts.phrases import Keyphrase


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Told:
    """A sink."""

    def __init__(self) -> None:
        self.documents: list[str] = []
        self.letters: list[str] = []

    def committed(self, documents: Sequence[Document], letters: Sequence[DeadLetter]) -> None:
        self.documents += [each.id for each in documents]
        self.letters += [each.key for each in letters]


class FaultyIndex:
    """A real embedded index in front of which faults are injected."""

    def __init__(self, folder: Path) -> None:
        self.real = open_index(f"embedded:{folder}")
        self.real.begin(Build(model="m@1", model_digest="d"))
        self.refuses: set[str] = set()
        self.down = False

    def write(
        self,
        documents: Sequence[Document] = (),
        updates: Sequence[DocumentUpdate] = (),
        letters: Sequence[DeadLetter] = (),
    ) -> Mapping[str, str]:
        if self.down:
            raise JobError("the index is gone")
        good = [each for each in documents if each.id not in self.refuses]
        fresh = [each for each in updates if each.id not in self.refuses]
        found = dict(self.real.write(good, fresh, letters))
        return found | {
            each.id: "not liked" for each in (*documents, *updates) if each.id in self.refuses
        }


def document(post_id: str) -> Document:
    return Document(
        id=post_id,
        text="a cat",
        created_at=None,
        image_uri=None,
        has_picture=False,
        extra={},
        keyphrases=(Keyphrase("cat", 0.9),),
        held=Held("g", "d"),
    )


def letter(key: str) -> DeadLetter:
    return DeadLetter(
        key=key,
        id=key,
        source="a.jsonl:1",
        reason=Reason.BROKEN_PICTURE,
        detail="cut off",
        transient=False,
        generation="g",
        run="r",
        at=datetime(2026, 1, 1, tzinfo=UTC),
    )


@pytest.fixture
def parts(tmp_path: Path) -> dict[str, Any]:
    index, tally, clock = FaultyIndex(tmp_path / "index"), Tally(), Clock()
    letters = DeadLetterFile(str(tmp_path / "dead"), "run")
    settings = WriteSettings(bytes=1000, posts=5, seconds=10)
    told = Told()
    writer = Writer(index, tally, letters, "run", settings, clock, told)
    return {
        "index": index,
        "tally": tally,
        "clock": clock,
        "letters": letters,
        "writer": writer,
        "told": told,
    }


def test_nothing_is_counted_before_it_is_written(parts: dict[str, Any]) -> None:
    parts["writer"].add(Outcomes(documents=[document("a")], unchanged=1, bytes=10))
    assert parts["tally"] == Tally()
    parts["writer"].flush()
    assert parts["tally"] == Tally(generated=1, unchanged=1)
    assert parts["index"].real.held(["a"]) == {"a": Held("g", "d")}


def test_enough_bytes_are_written_at_once(parts: dict[str, Any]) -> None:
    parts["writer"].add(Outcomes(documents=[document("a")], bytes=600))
    parts["writer"].add(Outcomes(documents=[document("b")], bytes=600))
    assert parts["tally"].generated == 2


def test_enough_posts_are_written_at_once(parts: dict[str, Any]) -> None:
    parts["writer"].add(Outcomes(unchanged=5, bytes=1))
    assert parts["tally"].unchanged == 5


def test_what_is_old_is_written_though_it_is_little(parts: dict[str, Any]) -> None:
    parts["writer"].add(Outcomes(documents=[document("a")], bytes=1))
    parts["clock"].now = 9
    parts["writer"].flush_if_due()
    assert parts["tally"].generated == 0
    parts["clock"].now = 10
    parts["writer"].flush_if_due()
    assert parts["tally"].generated == 1


def test_what_the_index_refuses_becomes_a_dead_letter(
    parts: dict[str, Any], tmp_path: Path
) -> None:
    parts["index"].refuses = {"bad"}
    documents = [document("good"), document("bad")]
    sources = {"good": "a.jsonl:1", "bad": "a.jsonl:2"}
    parts["writer"].add(Outcomes(documents=documents, sources=sources, bytes=2000))
    assert parts["tally"] == Tally(generated=1, dead=1)
    dead = parts["index"].real.dead(["bad"])["bad"]
    assert (dead.reason, dead.transient) == (Reason.INDEX_REFUSED, True)
    parts["letters"].close()
    rows = pq.read_table(tmp_path / "dead" / "run.parquet").to_pylist()
    assert [(row["id"], row["source"], row["reason"], row["detail"]) for row in rows] == [
        ("bad", "a.jsonl:2", "index refused", "not liked")
    ]


def test_a_refused_write_leaves_an_earlier_document_as_it_was(parts: dict[str, Any]) -> None:
    parts["writer"].add(Outcomes(documents=[document("a")], sources={"a": "s"}, bytes=2000))
    parts["index"].refuses = {"a"}
    update = DocumentUpdate(
        id="a", created_at=None, image_uri=None, extra={"k": 1}, held=Held("g", "other")
    )
    parts["writer"].add(Outcomes(updates=[update], sources={"a": "s"}, bytes=2000))
    parts["writer"].add(Outcomes(documents=[document("a")], sources={"a": "s"}, bytes=2000))
    assert parts["tally"] == Tally(generated=1, dead=2)
    assert parts["index"].real.held(["a"]) == {"a": Held("g", "d")}
    assert set(parts["index"].real.dead(["a"])) == {"a"}


def test_what_fails_to_be_written_is_not_counted(parts: dict[str, Any]) -> None:
    parts["index"].down = True
    with pytest.raises(JobError):
        parts["writer"].add(Outcomes(documents=[document("a")], unchanged=3, bytes=2000))
    assert parts["tally"] == Tally()


def test_the_sink_is_told_what_was_committed_and_nothing_else(parts: dict[str, Any]) -> None:
    parts["index"].refuses = {"bad"}
    outcomes = Outcomes(
        documents=[document("good"), document("bad")],
        letters=[letter("new")],
        known_letters=[letter("old")],
        sources={"good": "a.jsonl:1", "bad": "a.jsonl:2"},
        bytes=10,
    )
    parts["writer"].add(outcomes)
    assert (parts["told"].documents, parts["told"].letters) == ([], [])
    parts["writer"].flush()
    assert parts["told"].documents == ["good"]
    assert sorted(parts["told"].letters) == ["bad", "new", "old"]
    parts["index"].down = True
    with pytest.raises(JobError):
        parts["writer"].add(Outcomes(documents=[document("lost")], bytes=2000))
    assert parts["told"].documents == ["good"]


def test_known_dead_letters_are_counted_and_exported_but_not_written(
    parts: dict[str, Any], tmp_path: Path
) -> None:
    parts["writer"].add(Outcomes(letters=[letter("new")], known_letters=[letter("old")], bytes=1))
    parts["writer"].flush()
    assert parts["tally"] == Tally(dead=2)
    assert set(parts["index"].real.dead(["new", "old"])) == {"new"}
    parts["letters"].close()
    table = pq.read_table(tmp_path / "dead" / "run.parquet")
    assert sorted(table.column("key").to_pylist()) == ["new", "old"]
