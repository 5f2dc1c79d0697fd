"""What becomes of a post, by what the index holds of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.index.protocol import Index
from indexer.stages.columns import ASKED, DECODED, FINISHED, Action
from indexer.stages.retried import RetriedKeys
from indexer.takedown import take_down
from posts.duplicates import hash_ids
from posts.errors import Reason
from posts.files import FileInfo
from tests.indexer.dumps import BAD_LINES, good_rows, jpeg, write_dump
from tests.indexer.index.samples import letter
from tests.indexer.stages.night import Night, lines
from tests.indexer.stand_in import refuse_to_load


def test_tables_stay_small_and_have_fixed_columns(tmp_path: Path, index: Index) -> None:
    night = Night(write_dump(tmp_path / "dump", good_rows(60)), index)
    batches = night.posts()
    assert sum(map(len, batches)) == 60 + len(BAD_LINES)
    assert all(len(batch) <= 50 for batch in batches)
    for asked in night.asked():
        assert asked.schema == ASKED
        assert night.decode(asked).schema == DECODED
    assert all(finished.schema == FINISHED for finished in night.finished())


def test_a_second_night_needs_no_model_and_carries_neither_text_nor_picture(
    tmp_path: Path, index: Index
) -> None:
    folder = write_dump(tmp_path / "dump", good_rows(10))
    assert len(Night(folder, index).go().documents) == 10
    night = Night(folder, index)
    for table in night.asked():
        assert set(table.column("text").to_pylist()) == {""}
        assert table.column("image").null_count == len(table)
    outcomes = night.go(refuse_to_load)
    assert (outcomes.unchanged, len(outcomes.known_letters)) == (10, len(BAD_LINES))
    assert outcomes.documents + outcomes.updates + outcomes.letters == []


def test_a_changed_picture_beside_the_dump_is_noticed(tmp_path: Path, index: Index) -> None:
    folder = lines(tmp_path / "dump", [{"id": "a", "text": "a cat", "image_uri": "cat.jpg"}])
    (folder / "cat.jpg").write_bytes(jpeg(1, 64, 64))
    Night(folder, index).go()
    assert Night(folder, index).actions() == {"a": Action.UNCHANGED}
    (folder / "cat.jpg").write_bytes(jpeg(2, 96, 64))
    assert Night(folder, index).actions() == {"a": Action.GENERATE}


def test_a_new_date_updates_without_a_model_and_keeps_keyphrases(
    tmp_path: Path, index: Index
) -> None:
    post = {"id": "a", "text": "a cat", "created_at": "2026-01-01"}
    Night(lines(tmp_path / "dump", [post]), index).go()
    later = lines(tmp_path / "dump", [post | {"created_at": "2026-02-02", "lang": "en"}])
    outcomes = Night(later, index).go(refuse_to_load)
    assert [update.id for update in outcomes.updates] == ["a"]
    assert outcomes.updates[0].extra == {"lang": "en"}
    assert Night(later, index).actions() == {"a": Action.UNCHANGED}


def test_a_post_that_breaks_leaves_the_index_and_comes_back_when_mended(
    tmp_path: Path, index: Index
) -> None:
    folder = lines(tmp_path / "dump", [{"id": "a", "text": "a cat", "image_uri": "cat.jpg"}])
    picture = folder / "cat.jpg"
    picture.write_bytes(jpeg(1))
    Night(folder, index).go()
    picture.write_bytes(b"no picture")
    outcomes = Night(folder, index).go()
    assert [letter.replaces for letter in outcomes.letters] == [True]
    assert (index.count(), set(index.dead(["a"]))) == (0, {"a"})
    picture.write_bytes(jpeg(1))
    Night(folder, index).go()
    assert (index.count(), dict(index.dead(["a"]))) == (1, {})


def test_a_permanent_dead_letter_is_not_decoded_again(tmp_path: Path, index: Index) -> None:
    folder = lines(tmp_path / "dump", [{"id": "a", "text": "a cat", "image_uri": "cat.jpg"}])
    (folder / "cat.jpg").write_bytes(b"no picture")
    Night(folder, index).go()
    assert Night(folder, index).actions() == {"a": Action.DEAD}


def test_a_picture_whose_version_is_not_to_be_had_for_now_changes_nothing(
    tmp_path: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = lines(tmp_path / "dump", [{"id": "a", "text": "a cat", "image_uri": "cat.jpg"}])
    (folder / "cat.jpg").write_bytes(jpeg(1))
    Night(folder, index).go()
    before = index.held(["a"])
    night = Night(folder, index)

    info = night.ask._dump.files.info

    def throttled(name: str) -> FileInfo | None:
        if name == "cat.jpg":
            raise TimeoutError("slow down")
        return info(name)

    monkeypatch.setattr(night.ask._dump.files, "info", throttled)
    (letter,) = night.go().letters
    assert (letter.reason, letter.transient) == (Reason.PICTURE_UNAVAILABLE, True)
    assert index.held(["a"]) == before
    # Once it can be had, the document needs no model: the dead letter goes, and that is all.
    assert set(index.dead(["a"])) == {"a"}
    later = Night(folder, index).go(refuse_to_load)
    assert [update.id for update in later.updates] == ["a"]
    assert (index.held(["a"]), dict(index.dead(["a"]))) == (before, {})
    assert Night(folder, index).actions() == {"a": Action.UNCHANGED}


def test_a_document_that_its_known_dead_letter_has_not_replaced_is_taken_out(
    tmp_path: Path, index: Index
) -> None:
    """As after a takedown that was killed, or where an older version is searched again."""
    folder = lines(tmp_path / "dump", [{"id": "a", "text": "a cat"}, {"id": "b", "text": "a dog"}])
    Night(folder, index).go()
    taken = [letter(id, generation="", reason=Reason.TAKEN_DOWN) for id in ("a", "b")]
    index.write(letters=taken[:1])
    assert set(index.held(["a"])) == {"a"}
    outcomes = Night(folder, index).go(refuse_to_load)
    assert (outcomes.unchanged, len(outcomes)) == (1, 2)
    assert (dict(index.held(["a"])), set(index.dead(["a"]))) == ({}, {"a"})
    again = Night(folder, index).go(refuse_to_load)
    assert [one.id for one in again.known_letters] == ["a"]
    assert again.letters == []


def test_a_post_that_was_taken_down_stays_out_whatever_it_becomes(
    tmp_path: Path, index: Index
) -> None:
    folder = lines(tmp_path / "dump", [{"id": "a", "text": "one"}, {"id": "b", "text": "two"}])
    Night(folder, index).go()
    assert take_down(index, ["a", "a"], "a complaint", "run") == 1
    lines(folder, [{"id": "a", "text": "changed"}, {"id": "b", "text": "two"}])
    outcomes = Night(folder, index).go(refuse_to_load)
    assert (outcomes.unchanged, outcomes.letters) == (1, [])
    (known,) = outcomes.known_letters
    assert (known.id, known.reason, known.detail) == ("a", Reason.TAKEN_DOWN, "a complaint")
    assert set(index.held(["a", "b"])) == {"b"}
    # Nor does a fault of its own take the place of that.
    lines(folder, [{"id": "a", "text": "", "image_uri": "gone.jpg"}, {"id": "b", "text": "two"}])
    (known,) = Night(folder, index).go(refuse_to_load).known_letters
    assert known.reason == Reason.TAKEN_DOWN


def test_a_permanent_dead_letter_is_tried_again_if_asked_for(tmp_path: Path, index: Index) -> None:
    posts = [{"id": name, "text": "a cat", "image_uri": f"{name}.jpg"} for name in ("a", "b")]
    folder = lines(tmp_path / "dump", posts)
    for name in ("a", "b"):
        (folder / f"{name}.jpg").write_bytes(jpeg(1)[:100])
    Night(folder, index).go()
    retried = RetriedKeys(hash_ids([("a", "")])[:, 0])
    again = Night(folder, index, retried=retried)
    assert again.actions() == {"a": Action.GENERATE, "b": Action.DEAD}
    # Still broken, it is dead as before; mended, it would have another hash in any case.
    outcomes = again.go()
    assert [letter.id for letter in outcomes.letters] == ["a"]
    assert [letter.id for letter in outcomes.known_letters] == ["b"]


def test_a_takedown_is_not_undone_by_trying_again(tmp_path: Path, index: Index) -> None:
    folder = lines(tmp_path / "dump", [{"id": "a", "text": "one"}])
    take_down(index, ["a"], "a complaint", "run")
    retried = RetriedKeys(hash_ids([("a", "")])[:, 0])
    assert Night(folder, index, retried=retried).actions() == {"a": Action.DEAD}
