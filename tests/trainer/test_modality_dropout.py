"""Modality dropout: which posts are learnt from one part alone, and when."""

from dataclasses import replace

import pytest

from trainer.modality_dropout import drop_modality
from trainer.training_set import Example

POSTS = [Example(id=str(n), text="a cat", image=b"..", keyphrases=("cat",)) for n in range(4000)]


def shown(picture_only: float, text_only: float, *, seed: int = 0, epoch: int = 1) -> list[Example]:
    return [
        drop_modality(post, picture_only=picture_only, text_only=text_only, seed=seed, epoch=epoch)
        for post in POSTS
    ]


def test_the_shares_of_posts_lose_one_part() -> None:
    posts = shown(0.3, 0.1)
    without_text = sum(not post.text for post in posts)
    without_picture = sum(post.image is None for post in posts)
    # Five standard deviations of a binomial count.
    assert without_text == pytest.approx(1200, abs=145)
    assert without_picture == pytest.approx(400, abs=95)
    assert all(post.text or post.image for post in posts)


def test_none_is_touched_without_a_share() -> None:
    assert shown(0.0, 0.0) == POSTS


def test_the_choice_is_the_same_again_and_another_in_another_epoch_or_seed() -> None:
    assert shown(0.2, 0.1) == shown(0.2, 0.1)
    assert shown(0.2, 0.1) != shown(0.2, 0.1, epoch=2)
    assert shown(0.2, 0.1) != shown(0.2, 0.1, seed=1)


def test_what_has_one_part_keeps_it() -> None:
    for post in POSTS[:50]:
        for alone in (replace(post, text=" "), replace(post, image=None)):
            kept = drop_modality(alone, picture_only=0.5, text_only=0.5, seed=0, epoch=1)
            assert kept == alone
