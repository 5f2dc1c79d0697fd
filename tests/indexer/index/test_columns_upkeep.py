"""Arrays beside a table: when they are made, and that those of another state are never used."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from indexer.index.embedded.columns import upkeep
from indexer.index.embedded.columns.columns import Columns
from indexer.index.embedded.columns.seal import seal
from indexer.index.embedded.columns.search import search as search_columns
from indexer.index.location import open_index
from indexer.index.protocol import Index
from indexer.index.query import BOOSTS, Query, Results
from posts.errors import Reason
from tests.indexer.index.samples import BUILD, document, letter, phrases


@pytest.fixture(autouse=True)
def small_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables of any size have arrays, but for empty ones."""
    monkeypatch.setattr(upkeep, "LEAST_POSTS", 1)


def folders(path: Path) -> list[str]:
    return sorted(each.name for each in path.glob("*/columns*"))


def total(index: Index, words: str, *, by_arrays: bool) -> int:
    """How many posts the index finds, and whether it has asked arrays or the table."""
    asked: list[bool] = []

    def watched(columns: Columns, query: Query) -> Results:
        asked.append(True)
        return search_columns(columns, query)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("indexer.index.embedded.reader.search_columns", watched)
        found = index.reader.search(Query(words=words)).total
    assert bool(asked) == by_arrays
    return found


def test_arrays_are_used_until_something_is_written(tmp_path: Path) -> None:
    index, other = open_index(f"embedded:{tmp_path}"), open_index(f"embedded:{tmp_path}")
    index.begin(BUILD)
    index.write([document("p1", "a cat", keyphrases=phrases(red_cat=0.9))])
    assert total(other, "cat", by_arrays=False) == 1
    index.refresh()
    assert total(other, "cat", by_arrays=True) == 1
    assert other.reader.posts_with_phrases(["red cat", "dog"]) == {"red cat": 1, "dog": 0}
    assert other.reader.posts_with_words(["cat", "dog"]) == {"cat": 1, "dog": 0}
    before = folders(tmp_path)
    index.refresh()
    assert folders(tmp_path) == before
    index.write([document("p2", "a cat")])
    assert total(other, "cat", by_arrays=False) == 2
    index.remove(["p1"])
    index.refresh()
    assert total(other, "cat", by_arrays=True) == 1
    assert len(folders(tmp_path)) == 1
    assert folders(tmp_path) != before
    index.take_down([letter("p2", replaces=True)])
    assert total(other, "cat", by_arrays=False) == 0
    index.refresh()
    assert total(other, "cat", by_arrays=False) == 0
    assert folders(tmp_path) == []
    index.close()


def test_arrays_of_other_boosts_are_not_used_and_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index, other = open_index(f"embedded:{tmp_path}"), open_index(f"embedded:{tmp_path}")
    index.begin(BUILD)
    index.write([document("p1", "a dog", keyphrases=phrases(cat=0.9))])
    index.refresh()
    monkeypatch.setitem(BOOSTS, "strong", 7.0)
    assert total(other, "cat", by_arrays=False) == 1
    (weighed,) = other.reader.search(Query(words="cat")).hits
    index.refresh()
    assert total(other, "cat", by_arrays=True) == 1
    (hit,) = other.reader.search(Query(words="cat")).hits
    assert hit.score == pytest.approx(weighed.score)


def test_a_small_table_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "LEAST_POSTS", 2)
    index = open_index(f"embedded:{tmp_path}")
    index.begin(BUILD)
    index.write([document("p1", "a cat")])
    index.refresh()
    assert total(index, "cat", by_arrays=False) == 1
    assert folders(tmp_path) == []


def test_a_version_has_its_arrays_before_it_is_live_and_none_when_it_is_removed(
    tmp_path: Path,
) -> None:
    index = open_index(f"embedded:{tmp_path}")
    for number in range(4):
        index.begin(BUILD, rebuild=number > 0)
        index.write([document(f"p{number}", "a cat")])
        index.finish()
        index.promote()
        assert total(index, "cat", by_arrays=True) == 1
    index.close()
    assert {path.parent.name for path in tmp_path.glob("*/columns-*")} == {
        "000002",
        "000003",
        "000004",
    }
    assert not (tmp_path / "000001").exists()


def test_a_version_that_a_person_promotes_has_its_arrays_too(tmp_path: Path) -> None:
    index = open_index(f"embedded:{tmp_path}")
    for number in range(2):
        index.begin(BUILD, rebuild=number > 0)
        index.write([document(f"p{number}", "a cat")])
        index.finish()  # And is not promoted, as when the gate refuses it.
    assert folders(tmp_path) == []
    index.promote_version(2)
    assert total(index, "cat", by_arrays=True) == 1
    assert index.roll_back() == 1
    assert total(index, "cat", by_arrays=True) == 1
    index.close()


def test_of_a_post_that_is_taken_down_no_array_is_left(tmp_path: Path) -> None:
    index = open_index(f"embedded:{tmp_path}")
    for number in range(2):
        index.begin(BUILD, rebuild=number > 0)
        index.write([document("p1", "a cat"), document("p2", "a secret", keyphrases=phrases(x=1))])
        index.finish()
        index.promote()
    index.take_down([letter("p2", reason=Reason.TAKEN_DOWN)])
    assert [path.parent.name for path in tmp_path.glob("*/columns*")] == ["000002"]
    files = [path for path in tmp_path.glob("*/columns*/**/*") if path.is_file()]
    # Its words stay words of the table until that is merged; that a post had them is gone.
    assert {path.stem for path in files if b"secret" in path.read_bytes()} <= {"terms_text"}
    assert not any(b"p2" in path.read_bytes() for path in files)
    # The one that is searched is as fast as before, and no longer finds it.
    assert total(index, "cat", by_arrays=True) == 1
    assert total(index, "secret", by_arrays=True) == 0
    index.close()


def test_arrays_that_are_removed_while_they_are_opened_are_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = open_index(f"embedded:{tmp_path}")
    index.begin(BUILD)
    index.write([document("p1", "a cat")])
    index.refresh()

    def half(folder: Path, searcher: object) -> Columns:
        shutil.rmtree(folder)
        return Columns({}, searcher, None)  # type: ignore[arg-type]

    monkeypatch.setattr(upkeep, "load_columns", half)
    assert total(open_index(f"embedded:{tmp_path}"), "cat", by_arrays=False) == 1


def test_a_file_that_was_cut_off_is_never_read(tmp_path: Path) -> None:
    written = open_index(f"embedded:{tmp_path}")
    written.begin(BUILD)
    written.write([document(f"p{number}", "a cat " * number) for number in range(99)])
    written.refresh()
    (columns,) = tmp_path.glob("*/columns-*")
    for path in sorted(columns.rglob("*")):
        if path.is_file() and path.stat().st_size:
            whole = path.read_bytes()
            path.write_bytes(whole[:-1])
            index = open_index(f"embedded:{tmp_path}")
            assert total(index, "cat", by_arrays=path.suffix == ".lock") == 98
            path.write_bytes(whole)
    (columns / "any_posts.npy").write_bytes(b"")
    written.refresh()
    assert total(open_index(f"embedded:{tmp_path}"), "cat", by_arrays=True) == 98


def test_a_build_that_fails_is_told_and_leaves_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = open_index(f"embedded:{tmp_path}")
    index.begin(BUILD)
    index.write([document("p1", "a cat")])

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("indexer.index.embedded.columns.build.save_marks", full)
        index.refresh()
    assert "arrays could not be built: the disk of the index" in caplog.text
    assert len(caplog.records) == 1
    assert folders(tmp_path) == []
    assert total(index, "cat", by_arrays=False) == 1


@pytest.mark.parametrize("step", ["harvest", "save_marks", "save_spelling", "seal"])
def test_a_build_that_was_killed_is_not_used_and_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    class Killed(BaseException):
        pass

    def deadly(*_: object) -> None:
        raise Killed

    index = open_index(f"embedded:{tmp_path}")
    index.begin(BUILD)
    index.write([document("p1", "a cat")])
    with monkeypatch.context() as patch:
        patch.setattr(f"indexer.index.embedded.columns.build.{step}", deadly)
        with pytest.raises(Killed):
            index.refresh()
    assert folders(tmp_path) == ["columns.new"]
    again = open_index(f"embedded:{tmp_path}")
    assert total(again, "cat", by_arrays=False) == 1
    again.begin(BUILD)
    again.refresh()
    assert total(again, "cat", by_arrays=True) == 1
    assert "columns.new" not in folders(tmp_path)


def test_what_is_written_during_a_build_makes_its_arrays_useless(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a mistake can do so, for a run has the lock."""
    index, other = open_index(f"embedded:{tmp_path}"), open_index(f"embedded:{tmp_path}")
    index.begin(BUILD)
    index.write([document("p1", "a cat")])

    def disturbed(folder: Path) -> None:
        other.begin(BUILD)
        other.write([document("p2", "a cat")])
        other.close()
        seal(folder)

    monkeypatch.setattr("indexer.index.embedded.columns.build.seal", disturbed)
    index.refresh()
    assert total(other, "cat", by_arrays=False) == 2
