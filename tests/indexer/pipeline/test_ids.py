"""The ids are read under watch."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import pytest

from indexer.pipeline.ids import hash_all_ids
from indexer.progress.watch import Snapshot
from posts.dump import Dump
from posts.errors import JobError
from tests.indexer.dumps import good_rows, write_dump
from tests.indexer.faults import DumpThatHangs

pytestmark = [pytest.mark.timeout(120), pytest.mark.usefixtures("ray_session")]


def test_ids_of_all_fragments_come_in_order(tmp_path: Path) -> None:
    dump = Dump.open(write_dump(tmp_path / "dump", good_rows(50)))
    hashes = hash_all_ids(dump, dump.fragments(), stall_after=60, stop=Event())
    assert [len(each) for each in hashes] == [
        len(list(dump.ids(fragment))) for fragment in dump.fragments()
    ]


def test_ids_that_never_come_are_an_error_and_people_see_how_far_it_is(tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", good_rows(5), lines=())
    dump = DumpThatHangs(Dump.open(folder).files)
    shown: list[Snapshot] = []
    with pytest.raises(JobError, match="the stage 'read' is stuck"):
        hash_all_ids(dump, dump.fragments(), stall_after=1, stop=Event(), on_progress=shown.append)
    assert shown
    assert shown[0].total is None
