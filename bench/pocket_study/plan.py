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

_SAME = {"epochs": EPOCHS, "picture_only": 0.0, "text_only": 0.0}
_DROPOUT = {"picture_only": 0.15, "text_only": 0.15}
"""In every condition that does not say otherwise."""


@dataclass(frozen=True, kw_only=True)
class Condition:
    """A way of training; all take as many optimizer steps on the same posts."""

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What it changes of the settings that ship for the pocket base."""

    def config(self, seed: int) -> TrainConfig:
        """The settings of its run with a seed."""
        shipped = TrainConfig.from_yaml(find_config("pocket"))
        return replace(shipped, **{**_SAME, **self.settings}, seed=seed)


CONDITIONS = (
    Condition(name="standard", settings={"method": "standard"}),
    Condition(name="aimkp", settings={"method": "aimkp"}),
    Condition(name="standard-dropout", settings={"method": "standard", **_DROPOUT}),
    Condition(name="aimkp-dropout", settings={"method": "aimkp", **_DROPOUT}),
    Condition(
        name="aimkp-pictures", settings={"method": "aimkp", "picture_only": 0.4, "text_only": 0.1}
    ),
    Condition(
        name="aimkp-projector",
        settings={"method": "aimkp", **_DROPOUT, "projector_learning_rate": 2e-3},
    ),
    Condition(name="aimkp-short-strides", settings={"largest_image_stride": 2}),
)


def find_condition(name: str) -> Condition:
    """The condition of that name; ValueError names those there are."""
    for condition in CONDITIONS:
        if condition.name == name:
            return condition
    raise ValueError(f"no condition {name!r}; there are {', '.join(c.name for c in CONDITIONS)}")
