"""Dumps to be indexed in benchmarks."""

from __future__ import annotations

import random
from pathlib import Path

from posts.drawn import drawn_posts
from posts.post import Post
from posts.writing import write_parquet

_WORDS = [f"word{number}" for number in range(5_000)]
_LENGTH = 20


def write_drawn(folder: Path, count: int) -> None:
    """Drawn posts, each with a picture, in one Parquet file."""
    folder.mkdir(parents=True)
    write_parquet(drawn_posts("bench", count), folder / "posts.parquet")


def write_texts(folder: Path, count: int) -> None:
    """Posts with a text of twenty words."""
    folder.mkdir(parents=True)
    rng = random.Random(0)
    posts = (
        Post(id=f"post-{number:08}", text=" ".join(rng.choices(_WORDS, k=_LENGTH)))
        for number in range(count)
    )
    write_parquet(posts, folder / "posts.parquet")
