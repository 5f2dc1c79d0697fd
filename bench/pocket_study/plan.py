"""What is compared: conditions, seeds, the posts that are learnt from, and what is asked after."""

from __future__ import annotations

from collections.abc import Mapping
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

_BARE: Mapping[str, Any] = {
    "epochs": EPOCHS,
    "picture_only": 0.0,
    "text_only": 0.0,
    "vision_dropout": 0.0,
    "projector_warm_up": 0,
    "reading_lessons": 0,
}
"""In every condition that does not say otherwise: no help but the method's own."""
_DROPOUT: Mapping[str, Any] = {"picture_only": 0.3, "text_only": 0.1}
_WARM_UP: Mapping[str, Any] = {"projector_warm_up": 8}
_LESSONS: Mapping[str, Any] = _WARM_UP | {"reading_lessons": 400}
_DIM: Mapping[str, Any] = {"vision_dropout": 0.85}


@dataclass(frozen=True, kw_only=True)
class Condition:
    """A way of training; all take as many optimizer steps on the same posts."""

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What it changes of the settings that ship for the pocket base."""

    def config(self, seed: int) -> TrainConfig:
        """The settings of its run with a seed."""
        shipped = TrainConfig.from_yaml(find_config("pocket"))
        return replace(shipped, **{**_BARE, **self.settings}, seed=seed)


CONDITIONS = (
    Condition(name="standard", settings={"method": "standard"}),
    Condition(name="aimkp", settings={"method": "aimkp"}),
    Condition(name="aimkp-short-strides", settings={"largest_image_stride": 2}),
    Condition(name="aimkp-modality-dropout", settings=_DROPOUT),
    Condition(name="aimkp-warm-up", settings=_WARM_UP),
    Condition(name="aimkp-lessons", settings=_LESSONS),
    Condition(name="aimkp-warm-up-vision-dropout", settings=_WARM_UP | _DIM),
    Condition(name="aimkp-all", settings=_LESSONS | _DIM | _DROPOUT),
    Condition(name="standard-all", settings={"method": "standard"} | _LESSONS | _DIM | _DROPOUT),
)


def find_condition(name: str) -> Condition:
    """The condition of that name; ValueError names those there are."""
    for condition in CONDITIONS:
        if condition.name == name:
            return condition
    raise ValueError(f"no condition {name!r}; there are {', '.join(c.name for c in CONDITIONS)}")
