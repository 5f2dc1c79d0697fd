"""Vision dropout: which channels of a picture are left, and how large they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from model_store.families import EncodedPicture
from model_store.prompt import Prompt
from tests.trainer.examples import mixed_posts, trainable_base, training_set
from trainer.config import TrainConfig
from trainer.examples import ExampleReader
from trainer.vision_cache import VisionCache
from trainer.vision_dropout import drop_channels, show_dimly

PICTURE = EncodedPicture(torch.randn(6, 4000, generator=torch.Generator().manual_seed(0)), "", {})


def shown(share: float, *, epoch: int = 1, id: str = "a", seed: int = 0) -> torch.Tensor:
    return show_dimly(PICTURE, share, seed=seed, epoch=epoch, id=id).states


def test_the_same_channels_are_gone_from_all_patches() -> None:
    gone = shown(0.7) == 0
    assert torch.equal(gone, gone[:1].expand_as(gone))
    # Five standard deviations of a binomial count.
    assert int(gone[0].sum()) == pytest.approx(2800, abs=145)


def test_features_keep_their_length() -> None:
    before, after = PICTURE.states.square().sum(), shown(0.7).square().sum()
    assert float(after / before) == pytest.approx(1, abs=0.1)


def test_the_draw_follows_from_seed_epoch_and_id() -> None:
    assert torch.equal(shown(0.5), shown(0.5))
    for other in (shown(0.5, epoch=2), shown(0.5, id="b"), shown(0.5, seed=1)):
        assert not torch.equal(shown(0.5), other)


def test_without_a_share_the_picture_is_whole() -> None:
    assert show_dimly(PICTURE, 0.0, seed=0, epoch=1, id="a") is PICTURE


def test_half_precision_stays_half_precision() -> None:
    assert drop_channels(PICTURE.states.half(), 0.5, torch.Generator()).dtype == torch.float16


def test_a_reader_shows_pictures_dimly_beside_texts_and_nothing_else(tmp_path: Path) -> None:
    base, posts = trainable_base(tmp_path), training_set(tmp_path, mixed_posts(6))
    vision, prompt = VisionCache.open(base, posts, tmp_path), Prompt(base.processor, base.family)
    plain = TrainConfig(cache_vision=True)
    rows = torch.arange(6).numpy()

    def read(config: TrainConfig, epoch: int) -> dict[str, torch.Tensor]:
        return dict(ExampleReader(prompt, posts, config, vision)(rows, epoch).batch.inputs)

    whole = read(plain, 1)
    first, second = (read(replace(plain, vision_dropout=0.5), epoch) for epoch in (1, 2))
    assert torch.equal(first["input_ids"], whole["input_ids"])
    by_picture = [inputs["vision_states"].chunk(4) for inputs in (whole, first, second)]
    for number, (in_full, once, again) in enumerate(zip(*by_picture, strict=True)):
        if number % 2:
            # The posts without a text.
            assert torch.equal(once, in_full)
            assert torch.equal(again, in_full)
        else:
            assert float((once == 0).float().mean()) > 0.3
            assert not torch.equal(once, again)
            assert float((in_full == 0).float().mean()) < 0.1
