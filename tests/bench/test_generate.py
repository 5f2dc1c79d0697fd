"""The measurement of generation, on a tiny model."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from bench import generate
from bench.generation.busy import covered
from bench.generation.sample import Sample, build_sample
from bench.generation.ways import Ways
from model_store.base import Base
from model_store.generation import GenerationSettings
from model_store.prompt import Prompt
from posts.picture_size import PictureSize
from tests.trainer.examples import trainable_base

SETTINGS = GenerationSettings(beams=3, max_new_tokens=6, batch_size=2)


@pytest.fixture
def base(tmp_path: Path) -> Base:
    return trainable_base(tmp_path)


@pytest.fixture(scope="module")
def sample() -> Sample:
    return build_sample(5, PictureSize(side=32))


def test_all_ways_are_asked_about_the_same_posts_and_find_the_same(
    base: Base, sample: Sample
) -> None:
    ways = Ways(base.model, base.processor, base.family, SETTINGS)
    found = generate.compare(ways.all(), sample, 2)
    assert any(ways.ours(sample))
    for name in ("one_by_one", "naive_batch"):
        assert found["ways"][name]["same_phrases"] == 1
        seconds = [found["ways"][way]["seconds"] for way in (name, "ours")]
        assert len(seconds[0]) == 2
        assert found[f"vs_{name}"] == pytest.approx(sum(seconds[0]) / sum(seconds[1]))


def test_what_people_write_gives_the_model_the_prompt_that_ours_does(
    base: Base, sample: Sample
) -> None:
    theirs = Ways(base.model, base.processor, base.family, SETTINGS).inputs(sample)
    ours = Prompt(base.processor, base.family).encode(sample.texts, sample.pictures).inputs
    for name in ("input_ids", "attention_mask", "pixel_values"):
        assert torch.equal(theirs[name], ours[name])


def test_the_sample_is_half_clip_art_and_always_the_same(sample: Sample) -> None:
    again = build_sample(5, PictureSize(side=32))
    assert sample.texts == again.texts
    assert [min(picture.size) for picture in sample.pictures] == [32] * 5
    assert len({picture.tobytes() for picture in sample.pictures}) == 5


def test_a_gpu_is_as_busy_with_two_things_at_a_time_as_with_one() -> None:
    assert covered([(5, 7), (0, 3), (1, 2), (2, 4)]) == 6
    assert covered([]) == 0
