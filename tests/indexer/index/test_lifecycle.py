"""Versions of an index: begun, finished, promoted, rolled back, removed; on both engines."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from indexer.index.embedded.folder import IndexFolder
from indexer.index.embedded.table import Table
from indexer.index.embedded.versions import VersionsFolder
from indexer.index.lifecycle import WAYS_BACK
from indexer.index.location import open_index
from indexer.index.protocol import Index
from indexer.index.query import Query
from posts.errors import InputError, Reason
from tests.indexer.index.samples import BUILD, OTHER_BUILD, document, letter, phrases


def statuses(index: Index) -> dict[int, str]:
    return {one.number: one.status for one in index.versions()}


def rebuilt(index: Index, id: str, run: str = "later") -> None:
    """A new version with one document is written, finished and promoted."""
    index.begin(replace(OTHER_BUILD, run=run), rebuild=True)
    index.write([document(id, "a cat")])
    index.finish()
    index.promote()


def found(index: Index) -> list[str]:
    return [hit.id for hit in index.reader.search(Query(words="cat")).hits]


def test_a_version_tells_how_far_it_has_come(index: Index) -> None:
    assert statuses(index) == {1: "live"}
    index.write([document("p1")])
    index.finish()
    index.begin(OTHER_BUILD, rebuild=True)
    assert statuses(index) == {1: "live", 2: "unfinished"}
    index.write([document("p1"), document("p2")])
    index.finish()
    assert statuses(index) == {1: "live", 2: "ready"}
    index.promote()

    first, second = index.versions()
    assert (first.status, second.status) == ("previous", "live")
    assert (first.documents, second.documents) == (1, 2)
    assert (first.build, second.build) == (BUILD, OTHER_BUILD)
    for one in (first, second):
        assert one.milestones.finished is not None
        assert one.milestones.promoted is not None


def test_finished_and_promoted_are_noted_once(index: Index) -> None:
    index.finish()
    (before,) = index.versions()
    index.begin(BUILD)
    index.finish()
    index.promote()
    assert index.versions() == [before]


def test_there_is_a_way_back_and_forth(index: Index) -> None:
    index.write([document("old", "a cat")])
    index.refresh()
    rebuilt(index, "new")
    assert found(index) == ["new"]
    assert index.roll_back() == 1
    assert found(index) == ["old"]
    with pytest.raises(InputError, match="no older version"):
        index.roll_back()
    index.promote_version(2)
    assert found(index) == ["new"]


def test_a_rebuild_after_a_rollback_leaves_the_version_that_was_live(index: Index) -> None:
    rebuilt(index, "new")
    index.roll_back()
    index.begin(OTHER_BUILD, rebuild=True)
    assert index.held(["new"]) == {}
    assert statuses(index) == {1: "live", 2: "previous", 3: "unfinished"}


def test_only_a_finished_version_of_this_index_can_be_promoted(index: Index) -> None:
    index.begin(OTHER_BUILD, rebuild=True)
    with pytest.raises(InputError, match=r"version 2 is unfinished.*--rebuild"):
        index.promote_version(2)
    with pytest.raises(InputError, match=r"no version 7 of this index; it has 1, 2"):
        index.promote_version(7)
    assert statuses(index) == {1: "live", 2: "unfinished"}


def test_a_promotion_leaves_a_few_ways_back(index: Index) -> None:
    for number in range(WAYS_BACK + 2):
        rebuilt(index, f"p{number}")
    live = WAYS_BACK + 3
    previous = range(live - WAYS_BACK, live)
    assert statuses(index) == {**dict.fromkeys(previous, "previous"), live: "live"}


def test_versions_are_removed_as_asked(index: Index) -> None:
    rebuilt(index, "second")
    rebuilt(index, "third")
    index.begin(replace(OTHER_BUILD, run="fourth"), rebuild=True)
    assert index.prune(keep=1) == [1]
    assert statuses(index) == {2: "previous", 3: "live", 4: "unfinished"}
    assert index.prune(keep=0, unpromoted=True) == [2, 4]
    assert statuses(index) == {3: "live"}
    assert found(index) == ["third"]


def test_what_is_taken_down_is_in_no_version_and_no_way_back_leads_to_it(index: Index) -> None:
    index.write([document("bad", "a cat"), document("good", "a cat")])
    index.finish()
    rebuilt(index, "bad")
    index.begin(replace(OTHER_BUILD, run="third"), rebuild=True)
    index.write([document("bad", "a cat")])
    letters = [letter(id, reason=Reason.TAKEN_DOWN) for id in ("bad", "never seen", "x" * 600)]
    assert index.take_down(letters) == 1
    assert set(index.dead(["bad", "good", "never seen", "x" * 600])) == {
        *("bad", "never seen", "x" * 600)
    }
    assert [one.documents for one in index.versions()] == [1, 0, 0]
    assert found(index) == []
    index.roll_back()
    assert found(index) == ["good"]


def test_a_survey_counts_documents_and_keyphrases_and_what_queries_find(index: Index) -> None:
    nothing = index.survey_live(phrases=3)
    assert (nothing.documents, nothing.without_keyphrases, nothing.totals) == (0, 0, {})
    documents = [document(f"p{n}", keyphrases=phrases(red_cat=0.9, pet=0.5)) for n in range(3)]
    index.write([*documents, document("p9", "a red house"), document("p8", "a pet")])
    index.refresh()
    live = index.survey_live(phrases=2)
    assert (live.documents, live.without_keyphrases) == (5, 2)
    assert live.totals == {"pet": 4, "red cat": 3}
    index.begin(OTHER_BUILD, rebuild=True)
    index.write([document("p1", "a pet")])
    own = index.survey_own(list(live.totals))
    assert (own.documents, own.without_keyphrases) == (1, 1)
    assert own.totals == {"pet": 1, "red cat": 0}
    assert own.share_without_keyphrases == 1.0
    assert index.survey_live(phrases=2) == live


def test_no_search_fails_while_versions_are_promoted_and_rolled_back(
    location: str, index: Index
) -> None:
    index.write([document("old", "a cat")])
    index.refresh()
    rebuilt(index, "new")
    ended = threading.Event()
    seen: list[list[str]] = []
    failed: list[BaseException] = []

    def search() -> None:
        searcher = open_index(location)
        try:
            while not ended.is_set():
                seen.append(found(searcher))
        except BaseException as error:  # noqa: BLE001 - told by the test
            failed.append(error)
        finally:
            searcher.close()

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        index.roll_back()
        index.promote_version(max(statuses(index)))
        rebuilt(index, "new")
    ended.set()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(seen) > 3
    assert {tuple(one) for one in seen} <= {("old",), ("new",)}


def test_a_search_whose_version_is_removed_under_it_is_answered_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = open_index(f"embedded:{tmp_path}/index")
    with index.lock("first"):
        index.begin(BUILD)
        index.write([document("old", "a cat")])
        opened = VersionsFolder.table

        def overtaken(folder: VersionsFolder, number: int, **how: bool) -> Table:
            """The first time, by a promotion and a removal of what it opened."""
            table = opened(folder, number, **how)
            monkeypatch.undo()
            rebuilt(index, "new")
            index.prune(keep=0)
            return table

        monkeypatch.setattr(VersionsFolder, "table", overtaken)
        assert found(open_index(index.location)) == ["new"]
    index.close()


def test_a_promotion_killed_half_way_is_still_a_way_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class KilledError(Exception):
        pass

    index = open_index(f"embedded:{tmp_path}/index")
    with index.lock("first"):
        index.begin(BUILD)
        index.begin(OTHER_BUILD, rebuild=True)
        index.finish()
        with monkeypatch.context() as patch:

            def killed(*_: object) -> None:
                raise KilledError

            patch.setattr(IndexFolder, "note", killed)
            with pytest.raises(KilledError):
                index.promote()
        assert statuses(index) == {1: "previous", 2: "live"}
        rebuilt(index, "third")
        assert statuses(index) == {1: "previous", 2: "previous", 3: "live"}
    index.close()


def test_an_index_of_an_earlier_release_goes_on(tmp_path: Path) -> None:
    index = open_index(f"embedded:{tmp_path}/index")
    with index.lock("first"):
        index.begin(BUILD)
        place = tmp_path / "index" / "000001" / "build.json"
        content = json.loads(place.read_text())
        del content["milestones"]
        place.write_text(json.dumps(content))
        assert statuses(index) == {1: "live"}
        index.finish()
        rebuilt(index, "new")
        assert statuses(index) == {1: "previous", 2: "live"}
    index.close()
