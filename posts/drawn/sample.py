"""Drawn posts as posts, and the sample dump of the demo."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from posts.drawn.pictures import Scene, draw_png
from posts.drawn.wording import SAMPLE, Wording
from posts.post import Post
from posts.writing import write_json_lines

_FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)


def drawn_post(id: str, seed: str, wording: Wording = SAMPLE) -> Post:
    """A post with two gold keyphrases: the topic of its text, and what only its picture shows.

    The same seed gives the same post.
    """
    rng = random.Random(seed)
    text, topic = wording.write(rng)
    scene = Scene.any(rng)
    return Post(
        id=id,
        text=text,
        image=draw_png(scene, rng),
        created_at=_FIRST_DAY + timedelta(minutes=rng.randrange(300 * 24 * 60)),
        keyphrases=(topic, scene.phrase),
        extra={"author": f"user{rng.randrange(100)}"},
    )


def drawn_posts(split: str, count: int) -> Iterator[Post]:
    """The first `count` sample posts of a split (any name; splits share no post)."""
    for number in range(count):
        yield drawn_post(f"{split}-{number:05d}", f"sample {split} {number}")


def write_sample_dump(folder: Path, counts: Mapping[str, int]) -> None:
    """A dump in JSON Lines: a file per split, and the pictures as files beside them."""
    for split, count in counts.items():
        write_json_lines(drawn_posts(split, count), folder, split)
