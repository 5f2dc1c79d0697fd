"""What is compared: conditions, seeds, the posts that are learnt from, and what is asked after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from trainer.config import TrainConfig
from trainer.configs import find_config

SEEDS = (0, 1, 2)
EPOCHS = 3
"""AimKP's first is plain."""
EVERY = 2
"""Takes every so manieth training post: the first, the third, and so on."""

SCENARIOS = (
    "clean",
    "text-only",
    "image-only",
    "shuffled",
    *(f"image-noise-{severity}" for severity in (1, 3, 5)),
    *(f"text-noise-{severity}" for severity in (1, 3, 5)),
)
FEW_SCENARIOS = SCENARIOS[:3]
"""Of what is added to AimKP: both parts, and either alone."""

_BARE: Mapping[str, Any] = {
    "method": "aimkp",
    "epochs": EPOCHS,
    "picture_only": 0.0,
    "text_only": 0.0,
    "vision_dropout": 0.0,
    "shuffle_phrases": False,
    "projector_warm_up": 0,
    "reading_lessons": 0,
    # A projector that has learnt nothing yet needs more than what ships grants it.
    "lora_learning_rate": 4e-4,
    "projector_learning_rate": 4e-4,
}
"""In every condition that does not say otherwise: no help but the method's own."""
_DROPOUT: Mapping[str, Any] = {"picture_only": 0.3, "text_only": 0.1}
_DIM: Mapping[str, Any] = {"vision_dropout": 0.5}
_WARM_UP: Mapping[str, Any] = {"projector_warm_up": 8}
_LESSONS: Mapping[str, Any] = _WARM_UP | {"reading_lessons": 400}


@dataclass(frozen=True, kw_only=True)
class Condition:
    """A way of training; all take as many optimizer steps on the same posts."""

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What it changes of the bare ones."""
    beside: str = "aimkp"
    """The condition that it is compared with; none if it is empty."""
    scenarios: Sequence[str] = FEW_SCENARIOS
    """What its model is asked about."""

    def config(self, seed: int) -> TrainConfig:
        """The settings of its run with a seed."""
        return replace(_shipped(), **{**_BARE, **self.settings}, seed=seed)


def _shipped() -> TrainConfig:
    return TrainConfig.from_yaml(find_config("pocket"))


_ALL: Mapping[str, Any] = {
    name: getattr(_shipped(), name) for name in _BARE if name not in ("method", "epochs")
}
_RATES: Mapping[str, Any] = {name: rate for name, rate in _ALL.items() if "rate" in name}

CONDITIONS = (
    Condition(name="standard", settings={"method": "standard"}, beside="", scenarios=SCENARIOS),
    Condition(name="aimkp", beside="standard", scenarios=SCENARIOS),
    Condition(name="aimkp-short-strides", settings={"largest_image_stride": 2}),
    Condition(name="aimkp-modality-dropout", settings=_DROPOUT),
    Condition(name="aimkp-vision-dropout", settings=_DIM),
    Condition(name="aimkp-shuffled-phrases", settings={"shuffle_phrases": True}),
    Condition(name="aimkp-warm-up", settings=_WARM_UP),
    Condition(name="aimkp-lessons", settings=_LESSONS, beside="aimkp-warm-up"),
    Condition(name="aimkp-lessons-own-rates", settings=_LESSONS | _RATES, beside="aimkp-lessons"),
    Condition(
        name="standard-all",
        settings={"method": "standard"} | _ALL,
        beside="standard",
        scenarios=SCENARIOS,
    ),
    Condition(name="aimkp-all", settings=_ALL, beside="standard-all", scenarios=SCENARIOS),
)


def find_condition(name: str) -> Condition:
    """The condition of that name."""
    return next(condition for condition in CONDITIONS if condition.name == name)
