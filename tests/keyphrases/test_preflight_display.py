"""What people see of the checks before a run."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from indexer.cluster.reservation import Node, Reservation
from indexer.index.records import Build
from indexer.job import IndexJob
from indexer.preflight.checked import Checked
from indexer.preflight.preflight import preflight
from keyphrases.preflight_display import show_checked
from tests.indexer.dumps import good_rows, write_dump


def checked(tmp_path: Path, store: Path) -> Checked:
    dump = write_dump(tmp_path / "dump", good_rows(50))
    job = IndexJob(
        dump=str(dump), index=f"embedded:{tmp_path}/index", store=str(store), model="random"
    )
    return Checked(
        preflight=preflight(job, "run-1"),
        reservation=Reservation(actors=3, cpus=1.0, gpus=0.0, decode_cpus=0.5),
        nodes=(Node(cpus=4), Node(cpus=4)),
        actor_bytes=490_000_000,
        documents=0,
        dead_letters=f"{tmp_path}/dead",
        report=f"{tmp_path}/reports",
        warnings=(),
    )


def shown(found: Checked) -> dict[str, str]:
    """What is said, by the name at the start of each line."""
    show_checked(found, Console(file=(told := io.StringIO()), soft_wrap=True))
    return {line[:14].strip(): line[14:] for line in told.getvalue().splitlines()}


def test_each_thing_that_was_checked_is_a_line(tmp_path: Path, random_store: Path) -> None:
    found = checked(tmp_path, random_store)
    lines = shown(found)
    dump = lines.pop("dump")
    assert dump.startswith(f"{tmp_path}/dump: 2 files with ")
    assert dump.endswith(" kB in 2 fragments")
    assert lines == {
        "model": "random@1 verified; an actor needs at least 490.0 MB of memory",
        "index": f"embedded:{tmp_path}/index does not exist yet",
        "actors": "3 x 1 CPU, on 2 machines with 8 CPUs",
        "dead letters": f"{tmp_path}/dead",
        "report": f"{tmp_path}/reports",
    }


def test_what_an_index_holds_and_what_was_not_checked_is_told(
    tmp_path: Path, random_store: Path
) -> None:
    found = checked(tmp_path, random_store)
    found = replace(
        found,
        preflight=replace(found.preflight, live=Build(model="tags@7", model_digest="d")),
        reservation=Reservation(actors=2, cpus=1.5, gpus=1.0, decode_cpus=0.5),
        documents=1_234_567,
        actor_bytes=None,
        dead_letters=None,
        report=None,
        warnings=("the disk is full\x1b[2J",),
    )
    lines = shown(found)
    assert lines["index"].endswith("holds 1,234,567 posts by tags@7")
    assert lines["actors"].startswith("2 x 1.5 CPUs and 1 GPU, on")
    assert "memory is not checked" in lines["model"]
    assert lines["dead letters"] == "beside the index only"
    assert lines["report"].startswith("none; ")
    assert lines["warning"] == "the disk is full [2J"
