"""Learning rates."""

from pathlib import Path

import pytest

from tests.trainer.examples import trainable_base
from trainer.checkpoint import trainable_parameters
from trainer.config import TrainConfig
from trainer.optimization import make_optimizer, rate_factor, set_rates


def test_rates_rise_over_the_warm_up_and_fall_to_nothing() -> None:
    factors = [rate_factor(update, 100, 0.1) for update in range(100)]
    assert factors[:11] == sorted(factors[:11])
    assert factors[10] == 1
    assert factors[10:] == sorted(factors[10:], reverse=True)
    assert factors[55] == pytest.approx(0.5)
    assert 0 < factors[-1] < 0.001


def test_no_update_is_wasted_at_rate_zero() -> None:
    assert all(rate_factor(update, 3, 0.03) > 0 for update in range(3))
    assert rate_factor(0, 1, 0.0) == 1


def test_lora_and_projector_have_their_own_peaks(tmp_path: Path) -> None:
    base = trainable_base(tmp_path)
    config = TrainConfig(lora_learning_rate=0.4, projector_learning_rate=0.2)
    optimizer = make_optimizer(base, config)
    set_rates(optimizer, 50, 100, 0.0)
    assert [group["lr"] for group in optimizer.param_groups] == pytest.approx([0.2, 0.1])
    lora, projector = (group["params"] for group in optimizer.param_groups)
    assert len(lora) + len(projector) == len(trainable_parameters(base.model))
    assert {id(one) for one in projector} == {
        id(one) for one in base.family.projector(base.model).parameters()
    }
