"""Which posts stand in which table, so that it stays the same when a task is done again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from indexer.index.protocol import Index
from indexer.pipeline.packing import Part
from indexer.pipeline.verdicts import VerdictNotes
from indexer.stages.columns import ASKED, Action
from indexer.stages.sieve import Batch, Sieve
from indexer.writing.outcomes import outcomes_of
from posts.post import Post
from tests.indexer.dumps import BAD_LINES, good_rows, write_dump
from tests.indexer.stages.night import Night


def batch(actions: str, begin: int = 0, image: bytes = b"") -> Batch:
    """Posts `begin` and up: `g` is to be generated, `u` unchanged."""
    posts = [
        Post(id=str(begin + row), text="a text", image=image or None)
        for row, _ in enumerate(actions)
    ]
    rows = [
        {
            "id": post.id,
            "text": post.text if action == "g" else "",
            "extra": "{}",
            "source": f"a.jsonl:{post.id}",
            "action": Action.GENERATE if action == "g" else Action.UNCHANGED,
            "generation": "",
            "document": "",
            "held": action == "u",
            "was_dead": False,
            "known": False,
            "image": image if action == "g" else None,
        }
        for post, action in zip(posts, actions, strict=True)
    ]
    return posts, pa.Table.from_pylist(rows, schema=ASKED)


def ids(parts: Iterator[tuple[Part, pa.Table]]) -> list[list[int]]:
    """Of each table, in the order in which they come."""
    found = list(parts)
    assert [part.number for part, _ in found] == list(range(len(found)))
    assert [part.last for part, _ in found] == [False] * (len(found) - 1) + [True]
    assert all(table.schema == ASKED for _, table in found)
    return [[int(each) for each in table.column("id").to_pylist()] for _, table in found]


def test_the_model_gets_full_tables_of_few_new_posts_among_many() -> None:
    batches = [batch("guuug", 0), batch("uuguu", 5), batch("gggug", 10)]
    assert ids(Sieve(VerdictNotes(), rows=3)(7, iter(batches))) == [
        *([0, 4, 7], [10, 11, 12], [14]),
        [1, 2, 3, 5, 6, 8, 9, 13],
    ]


def test_what_needs_no_model_crosses_in_tables_of_some_batches() -> None:
    batches = [batch("uu", begin) for begin in range(0, 38, 2)]
    sieve = Sieve(VerdictNotes(), rows=2)
    assert ids(sieve(0, iter(batches))) == [
        list(range(16)),
        list(range(16, 32)),
        list(range(32, 38)),
    ]
    # None for those batches of which all need the model.
    batches = [batch("gg", begin) for begin in range(0, 16, 2)]
    assert ids(sieve(1, iter([*batches, batch("u", 16)]))) == [
        *([begin, begin + 1] for begin in range(0, 16, 2)),
        [16],
    ]


@pytest.mark.parametrize("batches", [[], [batch("gg")]])
def test_a_fragment_ends_with_a_mark_even_if_nothing_is_left(batches: list[Batch]) -> None:
    *tables, last = ids(Sieve(VerdictNotes(), rows=2)(0, iter(batches)))
    assert tables == ([[0, 1]] if batches else [])
    assert last == []


def test_tables_for_the_model_are_cut_by_their_bytes_too() -> None:
    big = batch("ggg", image=b"x" * 9_000_000)
    assert ids(Sieve(VerdictNotes(), rows=64)(0, iter([big]))) == [[0, 1], [2], []]


def test_posts_stand_where_they_stood_though_the_index_has_changed_since() -> None:
    sieve = Sieve(VerdictNotes(), rows=2)
    before = ids(sieve(0, iter([batch("gugug", image=b"x" * 9_000_000)])))
    assert before == [[0, 2], [4], [1, 3]]
    assert ids(sieve(0, iter([batch("uuuug", image=b"x" * 9_000_000)]))) == before
    other = [batch("gguuu")]
    assert ids(sieve(1, iter(other))) == [[0, 1], [2, 3, 4]], "another fragment has its own"


def test_what_needs_the_model_only_when_it_is_asked_again_waits_for_the_next_run() -> None:
    """Of such posts there may be as many in a table as of those without work."""
    sieve = Sieve(VerdictNotes(), rows=2)
    before = ids(sieve(0, iter([batch("uug")])))
    found = list(sieve(0, iter([batch("gug", image=b"a picture")])))
    assert ids(iter(found)) == before == [[2], [0, 1]]
    late, unchanged = found[1][1].to_pylist()
    assert (late["action"], late["error_transient"], late["image"]) == (Action.DEAD, True, None)
    assert unchanged["action"] == Action.UNCHANGED


def test_extra_fields_fill_tables_of_posts_without_work_too() -> None:
    def heavy(begin: int) -> Batch:
        posts, asked = batch("uu", begin)
        return [replace(post, extra={"html": "x" * 5_000_000}) for post in posts], asked

    batches = [heavy(begin) for begin in range(0, 10, 2)]
    assert ids(Sieve(VerdictNotes(), rows=2)(0, iter(batches))) == [
        *([0, 1, 2, 3], [4, 5, 6, 7]),
        [8, 9],
    ]


def test_asking_again_after_a_commit_gives_tables_of_the_same_posts(
    tmp_path: Path, index: Index
) -> None:
    """As when a worker dies: Ray takes the outputs of the second try by their position."""
    night = Night(write_dump(tmp_path / "dump", good_rows(60)), index)
    before = night.parts()
    assert max(len(table) for _, table in before) == 16
    outcomes = outcomes_of(pa.concat_tables(night.finished()[1:3]), "run")
    index.write(outcomes.documents, outcomes.updates, outcomes.letters)
    after = night.parts()
    assert [part for part, _ in after] == [part for part, _ in before]
    for (_, first), (_, second) in zip(before, after, strict=True):
        assert second.column("source") == first.column("source")
    actions = {action for _, table in after for action in table.column("action").to_pylist()}
    assert actions == {Action.GENERATE, Action.UNCHANGED, Action.DEAD}


def test_a_second_night_has_no_table_for_the_model(tmp_path: Path, index: Index) -> None:
    folder = write_dump(tmp_path / "dump", good_rows(60))
    Night(folder, index).go()
    night = Night(folder, index)
    assert len(night.asked()) == len(night.fragments) < len(night.posts())
    assert sum(map(len, night.asked())) == 60 + len(BAD_LINES)
