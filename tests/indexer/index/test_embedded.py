"""What only the embedded engine has: a folder that may be anything, and a lock that dies."""

from __future__ import annotations

import errno
import itertools
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from indexer.index.embedded.failures import as_input_error
from indexer.index.embedded.rows import letter_row
from indexer.index.embedded.table import Table, keyed_schema
from indexer.index.embedded.versions import VersionsFolder
from indexer.index.location import open_index
from indexer.index.query import Query
from indexer.index.records import Build
from posts.errors import InputError, JobError
from tests.indexer.index.samples import BUILD, OTHER_BUILD, document
from tests.servers.small_disk import SmallDisk


def test_a_folder_with_other_files_is_no_index(tmp_path: Path) -> None:
    (tmp_path / "holiday.txt").write_text("beach")
    index = open_index(f"embedded:{tmp_path}")
    for action in (index.check, index.live, lambda: index.reader.search(Query(words="cat"))):
        with pytest.raises(InputError, match="holds other files and no index"):
            action()
    with pytest.raises(InputError, match="holds other files"), index.lock("first"):
        pass
    assert os.listdir(tmp_path) == ["holiday.txt"]  # noqa: PTH208 - the plainest way


@pytest.mark.parametrize("name", ["000000", "202611", "dead", "version.new", "lock", "current.new"])
def test_folders_of_a_user_are_never_taken_for_an_index(tmp_path: Path, name: str) -> None:
    pictures = [tmp_path / name / "a.png", tmp_path / "000001" / "b.png"]
    for picture in pictures:
        picture.parent.mkdir(exist_ok=True)
        picture.write_bytes(b"png")
    index = open_index(f"embedded:{tmp_path}")
    with pytest.raises(InputError, match="holds other files"), index.lock("first"):
        pass
    with pytest.raises(InputError, match="holds other files"):
        index.begin(BUILD)
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == sorted(pictures)


def test_a_new_version_overwrites_nothing(tmp_path: Path) -> None:
    index = open_index(f"embedded:{tmp_path}")
    index.begin(BUILD)
    (tmp_path / "000002").mkdir()
    (tmp_path / "000002" / "a.png").write_bytes(b"png")
    with pytest.raises(JobError):
        index.begin(BUILD, rebuild=True)
    assert (tmp_path / "000002" / "a.png").read_bytes() == b"png"


class Killed(BaseException):
    """Stands in for SIGKILL: nothing in the program catches it."""


def begin_killed_after(steps: int, location: str, build: Build, rebuild: bool = False) -> bool:
    """Begins a run and kills it before a step on the disk; False if it got through before that."""
    done = 0

    def deadly(call: Callable[..., Any]) -> Callable[..., Any]:
        def step(*args: Any, **kwargs: Any) -> Any:
            nonlocal done
            if done == steps:
                raise Killed
            done += 1
            return call(*args, **kwargs)

        return step

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", deadly(os.fsync))
        patch.setattr(os, "rmdir", deadly(os.rmdir))
        for name in ("mkdir", "open", "rename", "replace", "unlink"):
            patch.setattr(Path, name, deadly(getattr(Path, name)))
        index = open_index(location)
        try:
            with index.lock("killed"):
                index.begin(build, rebuild=rebuild)
        except Killed:
            return True
        return False


def begins_and_works(location: str, build: Build, rebuild: bool = False) -> None:
    index = open_index(location)
    index.check()
    with index.lock("next"):
        index.begin(build, rebuild=rebuild)
        index.write([document("p1", "cat")])
        index.promote()
    index.close()
    index.check()
    assert index.reader.search(Query(words="cat")).total == 1


@pytest.mark.parametrize("build", [BUILD, OTHER_BUILD], ids=["same model", "another model"])
def test_a_first_run_killed_at_any_step_is_resumed(tmp_path: Path, build: Build) -> None:
    for steps in itertools.count():
        folder = tmp_path / str(steps)
        if not begin_killed_after(steps, f"embedded:{folder}", BUILD):
            break
        live = (folder / "current").exists()
        begins_and_works(f"embedded:{folder}", build, rebuild=live and build != BUILD)
    assert steps > 8


def test_a_removal_killed_at_any_step_leaves_an_index_that_works(tmp_path: Path) -> None:
    """The removal of an unfinished version of another model, before there is a live one."""
    for steps in itertools.count():
        folder = tmp_path / str(steps)
        location = f"embedded:{folder}"
        first = open_index(location)
        first.begin(BUILD)
        first.write([document("p0", "dog")])
        first.close()
        (folder / "current").unlink()
        if not begin_killed_after(steps, location, OTHER_BUILD):
            break
        if (folder / "current").exists():
            begins_and_works(location, OTHER_BUILD)
        else:
            begins_and_works(location, BUILD)
    assert steps > 12


def test_a_rebuild_killed_at_any_step_of_its_beginning_is_resumed(tmp_path: Path) -> None:
    for steps in itertools.count():
        location = f"embedded:{tmp_path / str(steps)}"
        begins_and_works(location, BUILD)
        if not begin_killed_after(steps, location, OTHER_BUILD, rebuild=True):
            break
        assert open_index(location).reader.search(Query(words="cat")).total == 1
        begins_and_works(location, OTHER_BUILD, rebuild=True)
    assert steps > 5


def test_a_file_is_no_index(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("beach")
    with pytest.raises(InputError, match="is a file"):
        open_index(f"embedded:{tmp_path / 'file'}").check()


@pytest.mark.parametrize("broken", ["current", "000001/build.json", "000001/meta.json"])
def test_a_broken_index_is_an_input_error(tmp_path: Path, broken: str) -> None:
    index = open_index(f"embedded:{tmp_path}")
    index.begin(BUILD)
    index.write([document()])
    index.close()
    (tmp_path / broken).write_text('{"broken')
    with pytest.raises(InputError, match="cannot be opened"):
        index.check()


def test_an_index_whose_segments_are_gone_fails_in_our_words(tmp_path: Path) -> None:
    index = open_index(f"embedded:{tmp_path}")
    index.begin(BUILD)
    index.write([document()])
    index.close()
    for path in (tmp_path / "000001").glob("*.store"):
        path.unlink()
    with pytest.raises((InputError, JobError)):
        index.reader.search(Query(words="plain"))


def test_a_write_that_cannot_be_durable_is_a_job_error(tmp_path: Path) -> None:
    """The limit on the size of files stands in for a full disk."""
    script = f"""
import resource, signal
from indexer.index.location import open_index
from posts.errors import JobError
from tests.indexer.index.samples import BUILD, document
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
index = open_index({f"embedded:{tmp_path}"!r})
index.begin(BUILD)
index.write([document("before")])
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    index.write([document(f"p{{n}}", " ".join(map(str, range(n, n + 500)))) for n in range(500)])
except JobError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert "see whether the disk is full, then run again" in done.stdout, done.stderr
    again = open_index(f"embedded:{tmp_path}")
    assert set(again.held(["before", "p1"])) == {"before"}


def test_a_killed_run_leaves_no_lock_and_no_half_write(tmp_path: Path) -> None:
    script = f"""
import sys
from indexer.index.location import open_index
from tests.indexer.index.samples import BUILD, document
index = open_index({f"embedded:{tmp_path}"!r})
with index.lock("killed"):
    index.begin(BUILD)
    index.write([document("p1")])
    print("written", flush=True)
    sys.stdin.read()
"""
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"written\n"
    index = open_index(f"embedded:{tmp_path}")
    with pytest.raises(InputError, match="run killed is writing"), index.lock("next"):
        pass
    process.send_signal(signal.SIGKILL)
    process.wait()
    with index.lock("next"):
        index.begin(BUILD)
        assert set(index.held(["p1"])) == {"p1"}
        index.write([document("p2")])
        assert index.count() == 2
    index.close()


def test_a_search_of_another_process_sees_commits_and_promotions(tmp_path: Path) -> None:
    writer, searched = open_index(f"embedded:{tmp_path}"), open_index(f"embedded:{tmp_path}")
    writer.begin(BUILD)
    writer.write([document("p1", "cat")])
    assert searched.reader.search(Query(words="cat")).total == 1
    writer.write([document("p2", "cat")])
    assert searched.reader.search(Query(words="cat")).total == 2
    writer.begin(OTHER_BUILD, rebuild=True)
    writer.write([document("p3", "cat")])
    assert searched.reader.search(Query(words="cat")).total == 2
    writer.promote()
    assert searched.reader.search(Query(words="cat")).total == 1
    writer.close()


def test_a_full_disk_is_told_and_a_write_that_failed_for_it_leaves_nothing(
    small_disk: SmallDisk,
) -> None:
    index = open_index(f"embedded:{small_disk.folder / 'index'}")
    noise = random.Random(0)
    with index.lock("first"):
        index.begin(BUILD)
        index.write([document("kept", "a cat")])
        with pytest.raises(JobError, match=r"the disk of the index in .* is full; make room"):
            index.write(
                [
                    document(f"p{n}", extra={"noise": noise.randbytes(9_000).hex()})
                    for n in range(2_000)
                ]
            )
        assert index.write([document("later", "a cat")]) == {}
    index.close()
    assert {hit.id for hit in index.reader.search(Query(words="cat")).hits} == {"kept", "later"}
    assert index.count() == 2


def test_a_disk_that_is_full_before_a_run_is_told_too(tmp_path: Path) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(InputError, match=r"is full; make room"), as_input_error(tmp_path):
        raise full


def test_an_index_of_another_layout_is_not_searched_and_said_how_to_mend(tmp_path: Path) -> None:
    schema = keyed_schema().build()
    folder = VersionsFolder(tmp_path / "index")
    Table(folder.draft, schema, create=True).apply([], {"p1": letter_row({"id": "p1"})})
    folder.point_to(folder.adopt_draft(replace(BUILD, layout=1)))
    index = open_index(f"embedded:{tmp_path / 'index'}")
    index.check()
    assert index.count() == 1
    with pytest.raises(InputError, match="another release of this program"):
        index.reader.search(Query(words="cat"))
