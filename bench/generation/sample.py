"""The posts that keyphrases are generated for, as the generate stage has them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image

from posts.clip_art import CLIP_ART
from posts.drawn import drawn_posts
from posts.dump import Dump
from posts.picture_size import PictureSize
from posts.pictures import decode_picture


@dataclass(frozen=True)
class Sample:
    """Posts with a text and a picture each."""

    texts: list[str]
    pictures: list[Image.Image]

    def batches(self, size: int) -> Iterator[Sample]:
        """So many posts at a time, in order."""
        for start in range(0, len(self.texts), size):
            stop = start + size
            yield Sample(self.texts[start:stop], self.pictures[start:stop])


def build_sample(count: int, size: PictureSize) -> Sample:
    """Half clip art, as far as there is enough, half drawn, in an order that is always the same.

    `size`: what pictures are shrunk to, as the decode stage does.
    """
    art = Dump.open(CLIP_ART)
    posts = list(art.posts())[: count // 2]
    posts += drawn_posts("bench-generate", count - len(posts))
    random.Random(0).shuffle(posts)
    pictures = [decode_picture(post.image or art.picture(post), size=size) for post in posts]
    return Sample([post.text for post in posts], pictures)
