"""The fast step against the plain loop, in fp64."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch import Tensor

from model_store.base import Base
from model_store.prompt import IGNORED, Batch
from tests.tiny_models import FAMILIES, POCKET, QWEN2_5_VL
from tests.trainer.aimkp.reference import Reference
from tests.trainer.examples import encode, mixed_posts, trainable_base, training_set
from trainer.aimkp.strides import Modality, Strides
from trainer.checkpoint import trainable_parameters
from trainer.config import TrainConfig
from trainer.methods import make_step
from trainer.training_set import Example

EPOCHS = 4
NEAR = 1e-9


@dataclass
class Both:
    """The same posts, model and settings for the fast step and for the loop."""

    base: Base
    examples: Sequence[Example]
    config: TrainConfig
    micro_batches: Sequence[int]
    """How many posts each holds."""
    left: bool = False
    """Pads on the left."""

    def __post_init__(self) -> None:
        config = self.config
        self.strides = Strides()
        self.step = make_step(config, self.base.model, self.base.family, strides=self.strides)
        self.reference = Reference(
            self.base.model,
            self.base.family,
            tau={"image": config.tau_image, "text": config.tau_text},
            joint=config.joint_objective,
            after_failure=config.stride_after_failure,
        )

    def compare(self) -> set[tuple[str, bool]]:
        """Trains for some epochs, comparing; gives which decisions came up."""
        seen = set()
        for epoch in range(1, EPOCHS + 1):
            visits = {
                e.id: self.reference.visit(e.id, encode(self.base, [e])) for e in self.examples
            }
            expected = self._take_gradients()
            loss = self._step(epoch)
            found = self._take_gradients()
            assert loss == pytest.approx(sum(visit.loss for visit in visits.values()), abs=NEAR)
            for post, visit in visits.items():
                for modality, cosine in visit.cosine.items():
                    view = self.strides.of(post, Modality(modality))
                    assert view.cosine == pytest.approx(cosine, abs=NEAR)
                    assert view.kept == visit.kept[modality]
                    assert view.last_stride == visit.stride[modality]
                    assert view.stride == self.reference.strides[post, modality]
                    seen.add((modality, view.kept))
            assert found.keys() == expected.keys()
            for name, gradient in expected.items():
                torch.testing.assert_close(found[name], gradient, rtol=0, atol=NEAR)
            self._descend(expected)
        return seen

    def _step(self, epoch: int) -> float:
        self.step.begin_epoch(epoch)
        left, total = list(self.examples), 0.0
        for size in self.micro_batches:
            some, left = left[:size], left[size:]
            batch = encode(self.base, some)
            loss = self.step([e.id for e in some], pad_left(batch) if self.left else batch)
            total += loss.total.item()
        assert not left
        return total

    def _take_gradients(self) -> dict[str, Tensor]:
        parameters = trainable_parameters(self.base.model)
        found = {name: p.grad for name, p in parameters.items() if p.grad is not None}
        self.base.model.zero_grad(set_to_none=True)
        return found

    def _descend(self, gradients: Mapping[str, Tensor]) -> None:
        with torch.no_grad():
            for name, parameter in trainable_parameters(self.base.model).items():
                gradient = gradients[name]
                parameter -= 0.05 * gradient / (gradient.norm() + 1e-6)


def pad_left(batch: Batch) -> Batch:
    """The same batch with its padding moved to the other side."""
    lengths = batch.inputs["attention_mask"].sum(1).tolist()
    width = batch.text_positions.shape[1]

    def move(values: Tensor) -> Tensor:
        if values.shape[:2] != batch.text_positions.shape:
            return values
        return torch.stack(
            [row.roll(width - length, 0) for row, length in zip(values, lengths, strict=True)]
        )

    assert batch.labels is not None
    return Batch(
        inputs={name: move(values) for name, values in batch.inputs.items()},
        text_positions=move(batch.text_positions),
        labels=move(batch.labels),
    )


@pytest.fixture
def examples(tmp_path: Path) -> list[Example]:
    return list(training_set(tmp_path, mixed_posts(6)))


def double_base(folder: Path, family: str, r: int = 16, dropout: float = 0.0) -> Base:
    base = trainable_base(folder, family, dropout=dropout, dtype=torch.float64, r=r)
    base.model.train()
    return base


@pytest.mark.parametrize("r", [16, 128])
@pytest.mark.parametrize("family", [*FAMILIES, QWEN2_5_VL, POCKET])
def test_cosines_decisions_strides_losses_and_gradients_are_those_of_the_loop(
    tmp_path: Path, examples: list[Example], family: str, r: int
) -> None:
    """With posts that lack a text or a picture among them."""
    both = Both(double_base(tmp_path, family, r), examples, TrainConfig(), [6])
    assert {("image", True), ("text", True)} <= both.compare()


@pytest.mark.parametrize("family", FAMILIES)
def test_so_they_are_with_the_other_choices_and_padding_on_the_left(
    tmp_path: Path, examples: list[Example], family: str
) -> None:
    config = TrainConfig(
        joint_objective="sum", stride_after_failure="freeze", tau_image=0.6, tau_text=0.9
    )
    both = Both(double_base(tmp_path, family), examples, config, [6], left=True)
    assert {("image", False), ("text", False), ("text", True)} <= both.compare()


@pytest.mark.parametrize("family", FAMILIES)
def test_so_they_are_when_micro_batches_accumulate_under_checkpointing(
    tmp_path: Path, examples: list[Example], family: str
) -> None:
    """One micro-batch is without any picture, one without any text, one mixed."""
    base = double_base(tmp_path, family)
    base.family.checkpoint_layers(base.model)
    ordered = [examples[n] for n in (2, 5, 1, 4, 0, 3)]
    assert Both(base, ordered, TrainConfig(), [2, 2, 2]).compare()


@pytest.mark.parametrize("family", FAMILIES)
def test_so_they_are_when_no_prefix_may_be_shared(
    tmp_path: Path, examples: list[Example], family: str
) -> None:
    """With dropout each view has a prefix of its own; switched off, it must change nothing."""
    base = double_base(tmp_path, family, dropout=0.3)
    base.model.eval()
    assert Both(base, examples, TrainConfig(), [4, 2]).compare()


def test_with_dropout_views_do_not_share_a_mask(tmp_path: Path, examples: list[Example]) -> None:
    """A view that masks nothing has the clean view's gradient, unless its dropout is its own."""
    one_word = [e for e in examples if e.text][:1]
    for dropout, alike in ((0.0, True), (0.3, False)):
        base = double_base(tmp_path, "llava", dropout=dropout)
        batch = encode(base, one_word)
        only_one = batch.text_positions & (batch.text_positions.cumsum(1) == 1)
        batch = Batch(inputs=batch.inputs, text_positions=only_one, labels=batch.labels)
        strides = Strides()
        step = make_step(TrainConfig(), base.model, base.family, strides=strides)
        for epoch in (1, 2):
            step.begin_epoch(epoch)
            step([one_word[0].id], batch)
        cosine = strides.of(one_word[0].id, Modality.TEXT).cosine
        assert (cosine == pytest.approx(1.0, abs=1e-9)) == alike


def test_a_token_at_which_a_label_is_predicted_stays_though_none_may_see_it(
    tmp_path: Path, examples: list[Example]
) -> None:
    """As if nothing stood between the post's text and the first label."""
    base = double_base(tmp_path, "llava")
    some = [e for e in examples if e.text and e.image]

    def without_question(one: Batch) -> Batch:
        assert one.labels is not None
        in_text = one.text_positions.clone()
        for row in range(len(in_text)):
            first_label = int((one.labels[row] != IGNORED).nonzero()[0])
            in_text[row, int(in_text[row].nonzero()[0]) : first_label] = True
        return Batch(inputs=one.inputs, text_positions=in_text, labels=one.labels)

    # A stride whose last survivor is not the last token of the text.
    lengths = [int(without_question(encode(base, [e])).text_positions.sum()) for e in some]
    assert any(length % 4 for length in lengths)
    strides = Strides()
    step = make_step(TrainConfig(), base.model, base.family, strides=strides)
    reference = Reference(base.model, base.family)
    for epoch in (1, 2, 3):
        visits = [reference.visit(e.id, without_question(encode(base, [e]))) for e in some]
        base.model.zero_grad()
        step.begin_epoch(epoch)
        step([e.id for e in some], without_question(encode(base, some)))
        base.model.zero_grad()
    for example, visit in zip(some, visits, strict=True):
        cosine = strides.of(example.id, Modality.TEXT).cosine
        assert cosine == pytest.approx(visit.cosine["text"], abs=NEAR)


@pytest.mark.parametrize("family", FAMILIES)
def test_bf16_moves_the_cosines_a_little(
    tmp_path: Path, examples: list[Example], family: str
) -> None:
    found = []
    for bf16 in (False, True):
        base = trainable_base(tmp_path, family, r=16)
        base.model.train()
        if bf16:
            for parameter in base.model.parameters():
                if not parameter.requires_grad:
                    parameter.data = parameter.data.bfloat16()
        strides = Strides()
        step = make_step(TrainConfig(), base.model, base.family, strides=strides, bf16=bf16)
        for epoch in (1, 2):
            step.begin_epoch(epoch)
            step([e.id for e in examples], encode(base, list(examples)))
        assert {p.grad.dtype for p in base.model.parameters() if p.grad is not None} == {
            torch.float32
        }
        found.append([row["cosine"] for row in strides.to_table().to_pylist()])
    assert found[1] == pytest.approx(found[0], abs=0.03)
    assert found[1] != found[0]
