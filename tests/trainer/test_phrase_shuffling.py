"""Phrase shuffling: the order in which gold keyphrases are learnt."""

from collections import Counter
from pathlib import Path

import numpy as np

from model_store.prompt import Prompt
from posts.drawn import drawn_posts
from posts.post import Post
from tests.trainer.examples import trainable_base, training_set
from trainer.config import TrainConfig
from trainer.examples import ExampleReader
from trainer.phrase_shuffling import shuffle_phrases
from trainer.training_set import Example

POSTS = [
    Example(id=str(n), text="a cat", image=None, keyphrases=("cat", "animal", "mammal"))
    for n in range(1200)
]


def orders(*, seed: int = 0, epoch: int = 1) -> list[tuple[str, ...]]:
    return [shuffle_phrases(post, seed=seed, epoch=epoch).keyphrases for post in POSTS]


def test_all_orders_are_equally_likely_and_none_loses_a_phrase() -> None:
    found = Counter(orders())
    assert {tuple(sorted(order)) for order in found} == {("animal", "cat", "mammal")}
    assert len(found) == 6
    # 200 each; five standard deviations of a binomial count.
    assert all(abs(count - 200) < 65 for count in found.values())


def test_the_order_is_the_same_again_and_another_in_another_epoch_or_seed() -> None:
    assert orders() == orders()
    assert orders() != orders(epoch=2)
    assert orders() != orders(seed=1)


def test_all_else_of_a_post_stays() -> None:
    shuffled = shuffle_phrases(POSTS[0], seed=0, epoch=1)
    assert (shuffled.id, shuffled.text, shuffled.image) == ("0", "a cat", None)


def test_a_reader_shuffles_if_it_is_told_to(tmp_path: Path) -> None:
    base, posts = trainable_base(tmp_path), training_set(tmp_path, drawn_with_four_phrases(8))
    prompt, rows = Prompt(base.processor, base.family), np.arange(8)

    def learnt(config: TrainConfig, epoch: int) -> list[list[int]]:
        labels = ExampleReader(prompt, posts, config)(rows, epoch).batch.labels
        return [[token for token in row if token >= 0] for row in labels.tolist()]

    given, shuffled = TrainConfig(), TrainConfig(shuffle_phrases=True)
    assert learnt(given, 1) == learnt(given, 2)
    assert learnt(shuffled, 1) != learnt(given, 1)
    assert learnt(shuffled, 1) != learnt(shuffled, 2)


def drawn_with_four_phrases(count: int) -> list[Post]:
    phrases = ("red", "green", "blue", "grey")
    return [
        Post(id=post.id, text=post.text, image=post.image, keyphrases=phrases)
        for post in drawn_posts("shuffled", count)
    ]
