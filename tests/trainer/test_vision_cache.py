"""Pictures after the tower: what a step makes of them is what it makes of the pictures."""

from pathlib import Path

import pytest
import torch

from model_store.prompt import Prompt
from tests.trainer.examples import mixed_posts, trainable_base, training_set
from trainer.examples import encode_examples
from trainer.step import StandardStep
from trainer.vision_cache import VisionCache

FAMILIES = ["llava", "idefics3", "qwen2_vl", "qwen2_5_vl"]


@pytest.mark.parametrize("family", FAMILIES)
def test_the_gradient_is_that_of_the_pictures(tmp_path: Path, family: str) -> None:
    base = trainable_base(tmp_path, family)
    posts = training_set(tmp_path, mixed_posts(6))
    examples = [posts[row] for row in range(len(posts))]
    prompt = Prompt(base.processor, base.family)
    step = StandardStep(base.model, base.family)

    step(*encode_examples(prompt, examples))
    expected = {n: p.grad for n, p in base.model.named_parameters() if p.grad is not None}
    base.model.zero_grad()
    cache = VisionCache.open(base, posts, tmp_path)
    kept = encode_examples(prompt, examples, [cache[row] for row in range(len(posts))])
    assert "pixel_values" not in kept.batch.inputs
    step(*kept)

    for name, parameter in base.model.named_parameters():
        if name in expected:
            size = expected[name].abs().max()
            # Kept in half precision, whose rounding is 2**-11 of a value.
            torch.testing.assert_close(
                parameter.grad, expected[name], rtol=0, atol=float(size) * 5e-3
            )


def test_rows_without_a_picture_have_none(tmp_path: Path) -> None:
    posts = training_set(tmp_path, mixed_posts(6))
    cache = VisionCache.open(trainable_base(tmp_path), posts, tmp_path)
    assert [cache[row] is None for row in range(6)] == [
        posts[row].image is None for row in range(6)
    ]


def test_a_second_opening_computes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base, posts = trainable_base(tmp_path), training_set(tmp_path, mixed_posts(4))
    first = VisionCache.open(base, posts, tmp_path)[0]

    def refuse(*_: object) -> None:
        raise AssertionError("the tower was asked again")

    monkeypatch.setattr(type(base.family), "encode_picture", refuse)
    again = VisionCache.open(base, posts, tmp_path)[0]
    assert first is not None
    assert again is not None
    assert torch.equal(first.states, again.states)


def test_other_posts_and_other_bases_have_files_of_their_own(tmp_path: Path) -> None:
    for number, family in enumerate(["llava", "idefics3"], start=1):
        base = trainable_base(tmp_path / family, family)
        VisionCache.open(base, training_set(tmp_path, mixed_posts(3)), tmp_path)
        VisionCache.open(base, training_set(tmp_path, mixed_posts(4)), tmp_path)
        assert len(list(tmp_path.glob("vision-*.arrow"))) == 2 * number


def test_what_was_broken_off_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base, posts = trainable_base(tmp_path), training_set(tmp_path, mixed_posts(4))

    def fail(*_: object) -> None:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(type(base.family), "encode_picture", fail)
    with pytest.raises(RuntimeError, match="out of memory"):
        VisionCache.open(base, posts, tmp_path)
    assert not list(tmp_path.glob("*.part"))
    assert not list(tmp_path.glob("vision-*"))
