"""Label noise: gold keyphrases that change owners."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from posts.post import Post


def swap_labels(posts: Sequence[Post], share: float, seed: int) -> tuple[list[Post], list[int]]:
    """Gives a share of the posts the gold keyphrases of another of them, none its own.

    Gives the posts, and which rows were changed. The labels as a whole stay what they were. Under
    one seed the rows of a smaller share are among those of a larger one.
    """
    count = round(share * len(posts))
    if count == 1:
        raise ValueError("one post alone cannot have another's labels")
    chosen = random.Random(f"label noise {seed}").sample(range(len(posts)), len(posts))[:count]
    swapped = list(posts)
    # On a cycle through the chosen each has the next one's.
    for row, giver in zip(chosen, chosen[1:] + chosen[:1], strict=True):
        swapped[row] = replace(posts[row], keyphrases=posts[giver].keyphrases)
    return swapped, sorted(chosen)
