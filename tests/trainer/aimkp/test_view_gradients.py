"""Gradients by row, against autograd's own."""

from __future__ import annotations

import pytest
import torch
from peft import LoraConfig, inject_adapter_in_model
from torch import Tensor, nn

from trainer.aimkp.view_gradients import Recorder

ROWS, LENGTH, INPUTS, OUTPUTS = 3, 5, 6, 4


def layers(dropout: float, seed: int = 0) -> nn.Sequential:
    """Two LoRA layers, of which none of the matrices is zero."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(INPUTS, OUTPUTS), nn.Tanh(), nn.Linear(OUTPUTS, OUTPUTS))
    model.double().requires_grad_(False)
    config = LoraConfig(r=2, lora_alpha=6, lora_dropout=dropout, target_modules=r"0|2")
    inject_adapter_in_model(config, model)
    for name, parameter in model.named_parameters():
        parameter.data = parameter.data.double()
        if "lora_B" in name:
            nn.init.normal_(parameter)
    return model.train()


def inputs() -> Tensor:
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(ROWS, LENGTH, INPUTS, generator=generator, dtype=torch.float64)
    return x.requires_grad_()


def loss_of(y: Tensor) -> Tensor:
    weights = torch.arange(1.0, y.numel() + 1, dtype=torch.float64).view_as(y)
    return (y * weights).sin().sum()


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_the_rows_sum_to_the_gradient_of_the_plain_layers(dropout: float) -> None:
    """Under one seed both draw the same dropout masks, so all of it must be equal."""
    plain, x = layers(dropout), inputs()
    torch.manual_seed(7)
    loss = loss_of(plain(x))
    loss.backward()
    expected = {name: p.grad for name, p in plain.named_parameters() if p.requires_grad}

    recorded, recorded_x = layers(dropout), inputs()
    recorder = Recorder(recorded)
    with recorder.recording():
        torch.manual_seed(7)
        recorded_loss = loss_of(recorded(recorded_x))
        gradients = recorder.backward(recorded_loss, rows=ROWS)

    torch.testing.assert_close(recorded_loss, loss)
    torch.testing.assert_close(recorded_x.grad, x.grad)
    for name, parameter in recorded.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad is None
            torch.testing.assert_close(gradients[parameter].sum(0), expected[name])


def test_each_row_is_the_gradient_of_that_row_alone() -> None:
    model = layers(0.0)
    recorder = Recorder(model)
    with recorder.recording():
        together = recorder.backward(model(inputs()).square().sum(), rows=ROWS)
        for row in range(ROWS):
            one = inputs()[row : row + 1]
            alone = recorder.backward(model(one).square().sum(), rows=1)
            for parameter, gradient in together.items():
                torch.testing.assert_close(gradient[row], alone[parameter][0])


def test_rows_that_had_no_part_are_zero_and_the_others_in_their_places() -> None:
    model = layers(0.0)
    recorder = Recorder(model)
    which = torch.tensor([4, 0, 2])
    with recorder.recording():
        plain = recorder.backward(model(inputs()).square().sum(), rows=ROWS)
        spread = recorder.backward(model(inputs()).square().sum(), rows=6, which=which)
    for parameter, gradient in spread.items():
        torch.testing.assert_close(gradient[which], plain[parameter])
        assert not gradient[[1, 3, 5]].any()


def test_a_pass_that_is_not_recorded_leaves_its_gradient_where_it_belongs() -> None:
    model = layers(0.0)
    Recorder(model)
    model(inputs()).sum().backward()
    assert all(p.grad is not None for p in model.parameters() if p.requires_grad)
