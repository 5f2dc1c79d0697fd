"""The methods a model can be trained by: from settings to the step that follows them."""

from __future__ import annotations

from transformers import PreTrainedModel

from model_store.families import Family
from trainer.aimkp.step import AimKPSettings, AimKPStep
from trainer.aimkp.strides import Modality, Progression, Strides
from trainer.config import TrainConfig
from trainer.step import StandardStep, Step


def make_step(
    config: TrainConfig,
    model: PreTrainedModel,
    family: Family,
    *,
    strides: Strides,
    bf16: bool = False,
) -> Step:
    """The step of `config.method`; `strides` is the state of one that has any."""
    if config.method == "standard":
        return StandardStep(model, family, bf16=bf16)
    return AimKPStep(model, family, settings=_settings(config), strides=strides, bf16=bf16)


def tau(config: TrainConfig) -> dict[Modality, float]:
    """The cosine from which on a masked view counts."""
    return {Modality.IMAGE: config.tau_image, Modality.TEXT: config.tau_text}


def _settings(config: TrainConfig) -> AimKPSettings:
    return AimKPSettings(
        tau=tau(config),
        joint="sum" if config.joint_objective == "sum" else "mean",
        progression=Progression(
            after_failure="freeze" if config.stride_after_failure == "freeze" else "adapt",
            largest={
                Modality.IMAGE: config.largest_image_stride,
                Modality.TEXT: config.largest_text_stride,
            },
        ),
    )
