"""bf16 is computed in only where the hardware does it."""

from __future__ import annotations

import pytest
import torch

from trainer.config import TrainConfig
from trainer.loop import uses_bf16

CPU, GPU = torch.device("cpu"), torch.device("cuda")


@pytest.mark.parametrize(
    ("precision", "device", "native", "expected"),
    [
        ("auto", GPU, torch.bfloat16, True),
        ("auto", GPU, torch.float32, False),
        ("auto", CPU, torch.bfloat16, False),
        ("bf16", CPU, torch.bfloat16, True),
        ("bf16", CPU, torch.float32, False),
        ("fp32", GPU, torch.bfloat16, False),
    ],
)
def test_bf16_is_taken_where_it_is_native(
    precision: str,
    device: torch.device,
    native: torch.dtype,
    expected: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("trainer.loop.native_precision", lambda device: native)
    assert uses_bf16(TrainConfig(precision=precision), device) is expected
