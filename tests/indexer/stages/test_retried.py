"""Dead letters that people want to be tried again."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from indexer.index.records import DeadLetter
from indexer.stages.retried import NONE_RETRIED, RetriedKeys
from indexer.writing.dead_letters import DeadLetterFile
from posts.errors import InputError, Reason
from tests.servers.s3 import S3Server


def leave(uri: str, run: str, *keys: str) -> str:
    """A file of dead letters with these keys."""
    letters = DeadLetterFile(uri, run)
    letters.add(
        [
            DeadLetter(
                key=key,
                id=key,
                source="a.jsonl:1",
                reason=Reason.BROKEN_PICTURE,
                detail="",
                transient=False,
                generation="",
                run=run,
                at=datetime.now(UTC),
                replaces=False,
            )
            for key in keys
        ]
    )
    letters.close()
    return str(letters.location)


def test_a_file_names_its_posts_and_a_folder_those_of_all_its_files(tmp_path: Path) -> None:
    one = leave(str(tmp_path), "one", "a", "bö", "a.jsonl:7")
    leave(str(tmp_path), "two", "c")
    retried = RetriedKeys.read(one)
    assert len(retried) == 3
    assert all(key in retried for key in ("a", "bö", "a.jsonl:7"))
    assert not any(key in retried for key in ("c", "", "b"))
    assert "c" in RetriedKeys.read(str(tmp_path))
    assert "a" not in NONE_RETRIED


def test_they_may_lie_on_s3(s3: S3Server) -> None:
    bucket = s3.bucket()
    assert "a" in RetriedKeys.read(leave(f"s3://{bucket}/dead", "one", "a"))


def test_what_holds_none_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.parquet").write_text("no Parquet")
    for uri, why in (
        ("empty", "there are no dead letters in"),
        ("missing.parquet", "there is no file"),
        ("text.parquet", "holds no dead letters"),
    ):
        with pytest.raises(InputError, match=why) as refused:
            RetriedKeys.read(str(tmp_path / uri))
        assert "\n" not in str(refused.value)
