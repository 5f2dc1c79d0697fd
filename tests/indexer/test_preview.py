"""A look at what a run would write, without writing."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.index.location import open_index
from indexer.job import IndexJob
from indexer.preview import preview
from posts.errors import InputError
from tests.indexer.dumps import BAD_LINES, good_rows, write_dump


def test_the_first_good_posts_are_shown_and_nothing_is_written(tmp_path: Path, store: str) -> None:
    rows = good_rows(4)
    rows[1]["image"] = b"no picture"
    folder = write_dump(tmp_path / "dump", rows, BAD_LINES)
    job = IndexJob(
        dump=str(folder), index=f"embedded:{tmp_path / 'index'}", store=store, model="tiny"
    )
    shown = preview(job, 10)
    assert [one.post.id for one in shown] == ["post-0", "post-2", "post-3"]
    assert [one.picture is not None for one in shown] == [False, False, True]
    assert any(one.keyphrases for one in shown)
    assert open_index(job.index).live() is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dump"]
    with pytest.raises(InputError, match="at least 1"):
        preview(job, 0)
