"""The pairs that heads learn from and are asked about: openclipart, and drawn posts with captions.

A drawn post's sentence says nothing of its picture, so here it is followed by what the picture
shows: "tickets for the village market are gone, a red star". The asked ones show all 96 things
there are, once each; among those that are learnt each thing is shown about six times, which is what
false negatives are.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from posts.drawn import COLOURS, THINGS, drawn_posts
from posts.pictures import decode_picture
from posts.post import Post
from trainer.scenarios.image_noise import corrupt
from trainer.scenarios.text_noise import misspell
from trainer.training_set import Example, TrainingSet

OPENCLIPART = Path(__file__).parents[2] / "../shared/data/openclipart"
DRAWN_POSTS = 576
_SEVERITY = 2
"""Of a near-duplicate's picture and text; see docs/evaluation.md."""


def openclipart(split: str, scratch: Path) -> list[Example]:
    """All posts of a split."""
    posts = TrainingSet.build(str(OPENCLIPART / f"{split}.parquet"), scratch)
    return [posts[row] for row in range(len(posts))]


def drawn_training() -> list[Example]:
    """What is learnt of drawn posts."""
    return [_captioned(post) for post in drawn_posts("alignment", DRAWN_POSTS)]


def drawn_validation() -> list[Example]:
    """One post of each thing in each colour."""
    found: dict[str, Example] = {}
    for post in drawn_posts("alignment-validation", 20_000):
        if post.keyphrases and post.keyphrases[1] not in found:
            found[post.keyphrases[1]] = _captioned(post)
        if len(found) == len(COLOURS) * len(THINGS):
            return list(found.values())
    raise AssertionError("some thing is never drawn")


def near_duplicates(examples: Sequence[Example]) -> list[Example]:
    """Each once more, with a picture that is noisier, blurred, compressed or coarse, and spelling
    mistakes in a tenth of the words of its text."""
    return [_near_duplicate(example) for example in examples]


def _captioned(post: Post) -> Example:
    topic, shown = post.keyphrases or ("", "")
    return Example(
        id=post.id, text=f"{post.text}, a {shown}", image=post.image, keyphrases=(topic, shown)
    )


def _near_duplicate(example: Example) -> Example:
    if example.image is None:
        raise ValueError(f"post {example.id} has no picture")
    buffer = io.BytesIO()
    corrupt(decode_picture(example.image), _SEVERITY, example.id).save(buffer, format="PNG")
    text = misspell(example.text, _SEVERITY, example.id)
    return replace(example, id=f"{example.id}-near", text=text, image=buffer.getvalue())
