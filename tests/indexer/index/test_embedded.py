"""What only the embedded engine has: a folder that may be anything, and a lock that dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from indexer.index.location import open_index
from indexer.index.query import Query
from posts.errors import InputError, JobError
from tests.indexer.index.samples import BUILD, OTHER_BUILD, document


def test_a_folder_with_other_files_is_no_index(tmp_path: Path) -> None:
    (tmp_path / "holiday.txt").write_text("beach")
    index = open_index(f"embedded:{tmp_path}")
    for action in (index.check, index.live, lambda: index.search(Query(words="cat"))):
        with pytest.raises(InputError, match="holds other files and no index"):
            action()
    with pytest.raises(InputError, match="holds other files"), index.lock("first"):
        pass
    assert os.listdir(tmp_path) == ["holiday.txt"]  # noqa: PTH208 - the plainest way


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
        index.search(Query(words="plain"))


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
    writer, reader = open_index(f"embedded:{tmp_path}"), open_index(f"embedded:{tmp_path}")
    writer.begin(BUILD)
    writer.write([document("p1", "cat")])
    assert reader.search(Query(words="cat")).total == 1
    writer.write([document("p2", "cat")])
    assert reader.search(Query(words="cat")).total == 2
    writer.begin(OTHER_BUILD, rebuild=True)
    writer.write([document("p3", "cat")])
    assert reader.search(Query(words="cat")).total == 2
    writer.promote()
    assert reader.search(Query(words="cat")).total == 1
    writer.close()


def test_a_rebuild_keeps_only_the_version_before_it(tmp_path: Path) -> None:
    index = open_index(f"embedded:{tmp_path}")
    index.begin(BUILD)
    for _ in range(2):
        index.begin(BUILD, rebuild=True)
        index.promote()
    index.close()
    assert json.loads((tmp_path / "current").read_text()) == {"version": 3}
    assert sorted(path.name for path in tmp_path.glob("0*")) == ["000002", "000003"]
