"""Dumps to be indexed in benchmarks."""

from __future__ import annotations

import random
from itertools import islice
from pathlib import Path

from posts.drawn import drawn_posts
from posts.post import Post
from posts.writing import write_parquet

_WORDS = [f"word{number}" for number in range(5_000)]
_LENGTH = 20


def write_drawn(folder: Path, count: int, files: int = 1) -> None:
    """Drawn posts, each with a picture, in so many Parquet files."""
    folder.mkdir(parents=True)
    posts = drawn_posts("bench", count)
    for number in range(files):
        own = (number + 1) * count // files - number * count // files
        write_parquet(islice(posts, own), folder / f"posts-{number}.parquet")


def write_texts(folder: Path, count: int) -> None:
    """Posts with a text of twenty words."""
    folder.mkdir(parents=True)
    rng = random.Random(0)
    posts = (
        Post(id=f"post-{number:08}", text=" ".join(rng.choices(_WORDS, k=_LENGTH)))
        for number in range(count)
    )
    write_parquet(posts, folder / "posts.parquet")
