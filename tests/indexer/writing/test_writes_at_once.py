"""Writes that go on in threads, into an index that takes several."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

import pytest

from indexer.progress.tally import Tally
from indexer.writing.dead_letters import DeadLetterFile
from indexer.writing.outcomes import Outcomes
from indexer.writing.writer import Writer, Writes, WriteSettings
from posts.errors import JobError
from tests.indexer.writing.test_writer import document


class Gate:
    """An index whose writes wait until so many of them are there together."""

    def __init__(self, together: int) -> None:
        self._barrier = threading.Barrier(together, timeout=30)
        self.fails: set[str] = set()
        self.begun: list[str] = []

    def write(
        self, documents: Sequence = (), updates: Sequence = (), letters: Sequence = ()
    ) -> Mapping[str, str]:
        (one,) = documents
        self.begun.append(one.id)
        self._barrier.wait()
        if one.id in self.fails:
            raise JobError("the index is gone")
        return {}


def writer_on(index: Writes, tally: Tally, at_once: int) -> Writer:
    letters = DeadLetterFile(None, "run")
    return Writer(index, tally, letters, "run", WriteSettings(posts=1), at_once=at_once)


def one(post_id: str) -> Outcomes:
    return Outcomes(documents=[document(post_id)], sources={post_id: "a.jsonl:1"}, bytes=1)


def test_as_many_writes_as_the_index_takes_are_under_way_together() -> None:
    index, tally = Gate(together=2), Tally()
    writer = writer_on(index, tally, at_once=2)
    # None of them could come to its end alone.
    for number in range(6):
        writer.add(one(f"post-{number}"))
    writer.flush()
    assert tally == Tally(generated=6)
    assert sorted(index.begun) == [f"post-{number}" for number in range(6)]


class Slow:
    """An index of which one write fails, while another takes its time."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.may_end = threading.Event()
        self.ended: list[str] = []

    def write(
        self, documents: Sequence = (), updates: Sequence = (), letters: Sequence = ()
    ) -> Mapping[str, str]:
        (one,) = documents
        if one.id == "bad":
            self.begun.wait(30)
            threading.Timer(0.2, self.may_end.set).start()
            raise JobError("the index is gone")
        self.begun.set()
        self.may_end.wait(30)
        self.ended.append(one.id)
        return {}


def test_no_write_goes_on_after_a_flush_that_fails() -> None:
    index, tally = Slow(), Tally()
    writer = writer_on(index, tally, at_once=2)
    writer.add(one("bad"))
    writer.add(one("slow"))
    with pytest.raises(JobError, match="the index is gone"):
        writer.flush()
    assert index.ended == ["slow"]


def test_a_write_that_fails_is_told_and_not_counted() -> None:
    index, tally = Gate(together=2), Tally()
    index.fails = {"bad"}
    writer = writer_on(index, tally, at_once=2)
    writer.add(one("good"))
    writer.add(one("bad"))
    with pytest.raises(JobError, match="the index is gone"):
        writer.flush()
    writer.flush()
    assert tally == Tally(generated=1)
