"""All that a run needs is looked at, and nothing is written for it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from indexer.cluster.reservation import Node
from indexer.job import IndexJob
from indexer.preflight import checked
from indexer.preflight.checked import check_run, full_disks
from posts.errors import InputError
from tests.indexer.dumps import good_rows, write_dump


def a_job(tmp_path: Path, store: str) -> IndexJob:
    dump = write_dump(tmp_path / "dump", good_rows(50), lines=())
    return IndexJob(
        dump=str(dump), index=f"embedded:{tmp_path / 'index'}", store=store, model="tiny@1"
    )


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("ray_session")
def test_a_check_writes_nothing_and_tells_what_a_run_would_have(tmp_path: Path, store: str) -> None:
    found = check_run(a_job(tmp_path, store))
    assert (len(found.preflight.fragments), found.documents) == (1, 0)
    assert found.preflight.live is None
    assert found.reservation.actors >= 1
    assert found.actor_bytes is not None
    assert found.dead_letters == f"{tmp_path / 'index'}-dead-letters"
    assert [path.name for path in tmp_path.iterdir()] == ["dump"]


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("ray_session")
def test_actors_that_cannot_fit_into_memory_are_refused_before_anything_is_begun(
    tmp_path: Path, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checked, "cluster_nodes", lambda: [Node(cpus=8, memory=1e9)])
    job = a_job(tmp_path, store)
    assert check_run(job).reservation.actors == 3
    with pytest.raises(InputError, match=r"4 model actors of 0.3 GB each.*--actors to 3"):
        check_run(replace(job, actors=4))
    assert [path.name for path in tmp_path.iterdir()] == ["dump"]


class Usage(NamedTuple):
    total: float
    used: float
    free: float


def test_a_disk_that_is_nearly_full_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = [tmp_path / "spilled", tmp_path / "not" / "there", None]
    for free, warned in ((1.5e9, 1), (4e9, 1), (6e9, 0)):
        usage = Usage(100e9, 100e9 - free, free)
        monkeypatch.setattr(shutil, "disk_usage", lambda place, usage=usage: usage)
        warnings = full_disks(places)
        assert len(warnings) == warned
        assert all(str(tmp_path) in one and f"{free / 1e9:.1f} GB" in one for one in warnings)
