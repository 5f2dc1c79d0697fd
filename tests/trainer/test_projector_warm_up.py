"""The warm-up: afterwards image tokens lie near the embeddings of what pictures show."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from model_store.base import Base
from posts.drawn import drawn_posts
from posts.post import Post
from tests.trainer.examples import trainable_base, training_set
from trainer.checkpoint import copy_weights
from trainer.projector_warm_up import warm_up_projector
from trainer.training_set import TrainingSet
from trainer.vision_cache import VisionCache

EPOCHS = 120
WORDS = ("red", "blue", "green", "yellow")


def coloured(count: int) -> list[Post]:
    """Drawn posts whose only keyphrase is the colour to be seen."""
    posts = []
    for post in drawn_posts("colours", 20 * count):
        assert post.keyphrases is not None
        colour = post.keyphrases[1].split()[0]
        if colour in WORDS:
            posts.append(replace(post, keyphrases=(colour,)))
    return posts[:count]


def warmed(folder: Path, posts: list[Post], seed: int = 0) -> tuple[Base, VisionCache, TrainingSet]:
    base, examples = trainable_base(folder), training_set(folder, posts)
    vision = VisionCache.open(base, examples, folder)
    warm_up_projector(base, examples, vision, epochs=EPOCHS, seed=seed)
    return base, vision, examples


def said(base: Base, vision: VisionCache, examples: TrainingSet) -> list[str]:
    """For each picture the colour whose embedding its image tokens point to."""
    tokenizer, embeddings = base.processor.tokenizer, base.model.get_input_embeddings().weight
    tokens = [tokenizer(f" {word}", add_special_tokens=False).input_ids for word in WORDS]
    words = torch.stack([embeddings[ids].mean(0) for ids in tokens])
    words = words - words.mean(0)
    found = []
    for row in range(len(examples)):
        picture = vision[row]
        assert picture is not None
        mean = base.family.project(base.model, picture.states.float()).mean(0)
        found.append(mean)
    means = torch.stack(found)
    # What all pictures have in common stands for how common each word is.
    return [WORDS[int(one)] for one in ((means - means.mean(0)) @ words.T).argmax(1)]


def projector(base: Base) -> list[Tensor]:
    return [one.detach().clone() for one in base.family.projector(base.model).parameters()]


def test_image_tokens_say_what_pictures_show(tmp_path: Path) -> None:
    base, vision, examples = warmed(tmp_path, coloured(80))
    gold = [examples[row].keyphrases[0] for row in range(len(examples))]

    def right() -> int:
        return sum(a == b for a, b in zip(said(base, vision, examples), gold, strict=True))

    assert right() > 52
    fresh = trainable_base(tmp_path)
    for parameter, untouched in zip(
        base.family.projector(base.model).parameters(), projector(fresh), strict=True
    ):
        parameter.data.copy_(untouched)
    assert right() < 36


@pytest.mark.parametrize("family", ["idefics3", "qwen2_vl"])
def test_every_family_learns(tmp_path: Path, family: str) -> None:
    base, examples = trainable_base(tmp_path, family), training_set(tmp_path, coloured(24))
    losses: list[float] = []
    warm_up_projector(
        base,
        examples,
        VisionCache.open(base, examples, tmp_path),
        epochs=60,
        seed=0,
        advance=lambda _epoch, loss: losses.append(loss),
    )
    assert len(losses) == 60
    assert losses[-1] < 0.9 * losses[0]


def test_nothing_but_the_projector_changes(tmp_path: Path) -> None:
    before = copy_weights(trainable_base(tmp_path).model)
    base, _, _ = warmed(tmp_path, coloured(8))
    changed = {
        name for name, one in copy_weights(base.model).items() if not torch.equal(one, before[name])
    }
    assert changed
    assert all(name.startswith(base.family.projector_path) for name in changed)
    assert all(one.grad is None for one in base.family.projector(base.model).parameters())


def test_the_same_seed_gives_the_same_projector(tmp_path: Path) -> None:
    posts = coloured(8)
    first, again, other = (projector(warmed(tmp_path, posts, seed)[0]) for seed in (1, 1, 2))
    assert all(map(torch.equal, first, again))
    assert not any(map(torch.equal, first, other))


def test_posts_without_a_picture_are_passed_over(tmp_path: Path) -> None:
    posts = coloured(6)
    some = [replace(posts[0], image=None, text="no picture"), *posts[1:]]
    base, _, _ = warmed(tmp_path, some)
    assert not any(map(torch.equal, projector(base), projector(trainable_base(tmp_path))))


def test_without_any_picture_nothing_changes(tmp_path: Path) -> None:
    posts = [replace(post, image=None, text="no picture") for post in coloured(3)]
    base, _, _ = warmed(tmp_path, posts)
    assert all(map(torch.equal, projector(base), projector(trainable_base(tmp_path))))


def test_where_all_pictures_say_one_word_nothing_changes(tmp_path: Path) -> None:
    posts = [replace(post, keyphrases=("a",)) for post in coloured(3)]
    base, _, _ = warmed(tmp_path, posts)
    assert all(map(torch.equal, projector(base), projector(trainable_base(tmp_path))))
