"""The filter: its figures, and that it drops what is noise."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.nn import Parameter

from model_store.base import Base, load_base
from model_store.base_names import SMALL
from model_store.lora import LoraSettings, attach_lora
from model_store.prompt import IGNORED, Batch
from posts.drawn import drawn_posts
from tests.trainer.examples import encode
from trainer.aimkp.filtering import add_gradients, cosines, view_weights
from trainer.aimkp.strides import Modality, Strides
from trainer.config import TrainConfig
from trainer.methods import make_step
from trainer.optimization import make_optimizer
from trainer.step import StandardStep
from trainer.training_set import Example
from trainer.update import apply_update


def test_the_cosine_goes_over_all_parameters_together() -> None:
    one, other = Parameter(torch.zeros(2)), Parameter(torch.zeros(1, 1))
    clean = {one: torch.tensor([[3.0, 0.0]]), other: torch.tensor([[[4.0]]])}
    masked = {one: torch.tensor([[0.0, 7.0]]), other: torch.tensor([[[24.0]]])}
    assert cosines(clean, masked).item() == pytest.approx(4 * 24 / (5 * 25))


def test_a_million_elements_in_fp32_do_not_blur_it() -> None:
    torch.manual_seed(0)
    parameters = [Parameter(torch.zeros(500, 1000)) for _ in range(2)]
    clean = {p: torch.rand(1, 500, 1000) for p in parameters}
    masked = {p: g + 0.3 * torch.randn(1, 500, 1000) for p, g in clean.items()}

    def flat(gradients: dict[Parameter, Tensor]) -> Tensor:
        return torch.cat([g.flatten() for g in gradients.values()]).double()

    exact = torch.cosine_similarity(flat(clean), flat(masked), dim=0)
    assert cosines(clean, masked).item() == pytest.approx(exact.item(), abs=1e-6)


def test_the_cosine_with_nothing_is_zero() -> None:
    one = Parameter(torch.zeros(2))
    assert cosines({one: torch.ones(1, 2)}, {one: torch.zeros(1, 2)}).item() == 0


@pytest.mark.parametrize(
    ("joint", "weights"),
    [("mean", [[1.0, 0.5, 1 / 3], [0.0, 0.5, 1 / 3], [0.0, 0.0, 1 / 3]]),
     ("sum", [[1.0, 1.0, 1.0], [0.0, 1.0, 1.0], [0.0, 0.0, 1.0]])],
)  # fmt: skip
def test_kept_views_are_averaged_or_summed(joint: str, weights: list[list[float]]) -> None:
    kept = torch.tensor([[True, True, True], [False, True, True], [False, False, True]])
    found = view_weights(kept, "mean" if joint == "mean" else "sum")
    torch.testing.assert_close(found, torch.tensor(weights, dtype=torch.float64))


def test_the_weighted_gradient_is_added_to_what_is_there() -> None:
    one = Parameter(torch.zeros(2))
    one.grad = torch.tensor([10.0, 0.0])
    views = [{one: torch.tensor([[1.0, 2.0], [3.0, 4.0]])}, {one: torch.tensor([[5.0, 6.0]] * 2)}]
    add_gradients(views, torch.tensor([[1.0, 0.5], [0.0, 0.5]], dtype=torch.float64))
    assert one.grad.tolist() == [10 + 1 + 1.5 + 2.5, 2 + 2 + 3]


def test_a_view_that_is_not_finite_is_dropped_and_harms_nothing() -> None:
    one = Parameter(torch.zeros(2))
    clean = {one: torch.tensor([[1.0, 2.0], [3.0, 4.0]])}
    masked = {one: torch.tensor([[torch.inf, 0.0], [torch.nan, 1.0]])}
    assert not (cosines(clean, masked) >= -1).any()
    add_gradients([clean, masked], torch.tensor([[1.0, 1.0], [0.0, 0.0]]))
    assert one.grad is not None
    assert one.grad.tolist() == [4.0, 6.0]


POSTS = 16


@pytest.fixture(scope="module")
def learnt() -> Base:
    """The small base after a little plain fine-tuning: it knows what drawn posts are about."""
    base = load_base(SMALL)
    torch.manual_seed(0)
    attach_lora(base.model, base.family, LoraSettings(r=16, alpha=32))
    base.model.train()
    config = TrainConfig(lora_learning_rate=2e-3, projector_learning_rate=1e-3)
    optimizer = make_optimizer(base, config)
    for group in optimizer.param_groups:
        group["lr"] = group["peak"]
    step, examples = StandardStep(base.model, base.family), drawn("train", 40 * POSTS)
    for start in range(0, len(examples), POSTS):
        loss = step([], encode(base, examples[start : start + POSTS]))
        apply_update(optimizer, [loss], 1.0)
    return base


def drawn(split: str, count: int) -> list[Example]:
    return [
        Example(id=p.id, text=p.text, image=p.image, keyphrases=tuple(p.keyphrases or ()))
        for p in drawn_posts(split, count)
    ]


def with_text(batch: Batch, texts: list[list[int]], survivors: list[list[int]]) -> Batch:
    """The posts with a text of the tokens t1 s1 t2 s2 ..: a stride of 2 keeps the survivors."""
    ids = batch.inputs["input_ids"].clone()
    mask = batch.inputs["attention_mask"].clone()
    assert batch.labels is not None
    for row, (text, surviving) in enumerate(zip(texts, survivors, strict=True)):
        places = batch.text_positions[row].nonzero().flatten()
        mixed = torch.tensor(
            [token for pair in zip(text, surviving, strict=True) for token in pair]
        )
        ids[row, places[: len(mixed)]] = mixed[: len(places)]
        mask[row, places[len(mixed) :]] = 0
    present = mask.bool()
    return replace(
        batch,
        inputs={**batch.inputs, "input_ids": ids, "attention_mask": mask},
        text_positions=batch.text_positions & present,
        labels=batch.labels.masked_fill(~present, IGNORED),
    )


def kept_share(base: Base, ids: list[str], batch: Batch) -> float:
    strides = Strides()
    config = TrainConfig(tau_text=0.5)
    step = make_step(config, base.model, base.family, strides=strides)
    for epoch in (1, 2):
        step.begin_epoch(epoch)
        step(ids, batch)
    base.model.zero_grad(set_to_none=True)
    return sum(strides.of(post, Modality.TEXT).kept for post in ids) / len(ids)


def test_a_planted_noisy_view_is_dropped_and_one_that_says_the_same_is_kept(learnt: Base) -> None:
    """Masking leaves either each word of the text once, or random tokens in their places."""
    examples = drawn("planted", 3 * POSTS)
    tokenizer = learnt.processor.tokenizer
    texts = [tokenizer(e.text, add_special_tokens=False)["input_ids"] for e in examples]
    generator = torch.Generator().manual_seed(0)
    noise = [
        torch.randint(20, len(tokenizer), (len(text),), generator=generator).tolist()
        for text in texts
    ]
    roomy = encode(learnt, [replace(e, text=f"{e.text} {e.text} {e.text}") for e in examples])
    ids = [example.id for example in examples]
    repeated = kept_share(learnt, ids, with_text(roomy, texts, texts))
    planted = kept_share(learnt, ids, with_text(roomy, texts, noise))
    assert planted < 0.5 < 0.75 < repeated
