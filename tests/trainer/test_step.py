"""The standard step, against the model's own loss."""

from pathlib import Path

import pytest
import torch

from tests.tiny_models import FAMILIES
from tests.trainer.examples import encode, mixed_posts, trainable_base, training_set
from trainer.checkpoint import trainable_parameters
from trainer.step import StandardStep

IDS: list[str] = []
"""The standard step does not care whose posts it is given."""


@pytest.mark.parametrize("family", FAMILIES)
def test_loss_and_gradient_are_those_of_the_model_itself(tmp_path: Path, family: str) -> None:
    base = trainable_base(tmp_path, family)
    batch = encode(base, list(training_set(tmp_path, mixed_posts(6))))
    loss = StandardStep(base.model, base.family)(IDS, batch)
    ours = {name: p.grad.clone() for name, p in trainable_parameters(base.model).items()}
    base.model.zero_grad()
    own = base.model(**batch.inputs, labels=batch.labels).loss * loss.tokens
    own.backward()
    assert float(loss.total) == pytest.approx(own.item(), rel=1e-5)
    for name, parameter in trainable_parameters(base.model).items():
        torch.testing.assert_close(ours[name], parameter.grad, rtol=1e-3, atol=1e-4)


def test_only_lora_and_projector_get_a_gradient(tmp_path: Path) -> None:
    base = trainable_base(tmp_path)
    batch = encode(base, list(training_set(tmp_path, mixed_posts(3))))
    StandardStep(base.model, base.family)(IDS, batch)
    touched = {name for name, p in base.model.named_parameters() if p.grad is not None}
    assert touched == set(trainable_parameters(base.model))
    assert all("lora_" in name or "projector" in name for name in touched)


def test_label_tokens_are_counted_with_the_end_of_sequence(tmp_path: Path) -> None:
    base = trainable_base(tmp_path)
    batch = encode(base, list(training_set(tmp_path, mixed_posts(3))))
    loss = StandardStep(base.model, base.family)(IDS, batch)
    assert batch.labels is not None
    assert loss.tokens == int((batch.labels != -100).sum())
    assert int((batch.labels == base.processor.tokenizer.eos_token_id).sum()) == 3


@pytest.mark.parametrize("family", FAMILIES)
def test_in_bf16_weights_that_learn_get_nearly_the_same_gradient_in_fp32(
    tmp_path: Path, family: str
) -> None:
    base = trainable_base(tmp_path, family)
    batch = encode(base, list(training_set(tmp_path, mixed_posts(6))))
    StandardStep(base.model, base.family)(IDS, batch)
    exact = torch.cat([p.grad.flatten() for p in trainable_parameters(base.model).values()])
    base.model.zero_grad()
    frozen = [p for p in base.model.parameters() if not p.requires_grad]
    for parameter in frozen:
        parameter.data = parameter.data.to(torch.bfloat16)

    StandardStep(base.model, base.family, bf16=True)(IDS, batch)

    rounded = [p.grad for p in trainable_parameters(base.model).values()]
    assert {gradient.dtype for gradient in rounded} == {torch.float32}
    flat = torch.cat([gradient.flatten() for gradient in rounded])
    assert torch.cosine_similarity(flat, exact, dim=0) > 0.99
