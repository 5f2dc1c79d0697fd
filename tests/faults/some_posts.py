"""A dump that is long enough to be killed in the middle, and what has to become of its posts."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.indexer.dumps import BAD_LINES, BAD_REASONS, good_rows, write_dump


@dataclass(frozen=True, kw_only=True)
class SomePosts:
    """A dump, and where each of its posts has to be after a run."""

    folder: Path
    texts: Mapping[str, str]
    """Of the posts that have to be in the index, by id."""
    reasons: Mapping[str, str]
    """Of those that have to be dead letters, by key."""

    def __len__(self) -> int:
        return len(self.texts) + len(self.reasons)


def some_posts(
    folder: Path, count: int, *, padding: int = 0, last_word: str = "", bad: bool = True
) -> SomePosts:
    """Writes a dump with `count` good posts and, if `bad`, some of each fault.

    `padding`: bytes that each post carries in an extra field. A run commits when 5 MB have come,
    so with 50,000 it does so every 100 posts. `last_word`: of each text.
    """
    rows = good_rows(count)
    for number, row in enumerate(rows):
        if padding:
            row["padding"] = random.Random(number).randbytes(padding // 2).hex()
        if last_word:
            row["text"] += f" {last_word}"
    write_dump(folder, rows, BAD_LINES if bad else ())
    return SomePosts(
        folder=folder,
        texts={row["id"]: row["text"] for row in rows},
        reasons=BAD_REASONS if bad else {},
    )
