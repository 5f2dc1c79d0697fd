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
_ADDITIONS: Mapping[str, Mapping[str, Any]] = {
    "short-strides": {"largest_image_stride": 2},
    "modality-dropout": {"picture_only": 0.3, "text_only": 0.1},
    "vision-dropout": {"vision_dropout": 0.5},
    "shuffled-phrases": {"shuffle_phrases": True},
    "alignment": {"alignment": "srcl"},
    # From gold the projector would learn the pictures by heart, faster than it learnt to read.
    "lessons": {"projector_warm_up": 8, "reading_lessons": 400, "projector_learning_rate": 1e-5},
}
"""To AimKP, each by itself: other strides, alignment, and what the model that ships was trained
with."""


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
        shipped = TrainConfig.from_yaml(find_config("pocket"))
        return replace(shipped, **{**_BARE, **self.settings}, seed=seed)


CONDITIONS = (
    Condition(name="standard", settings={"method": "standard"}, beside="", scenarios=SCENARIOS),
    Condition(name="aimkp", beside="standard", scenarios=SCENARIOS),
    *(Condition(name=f"aimkp-{name}", settings=added) for name, added in _ADDITIONS.items()),
)


def find_condition(name: str) -> Condition:
    """The condition of that name."""
    return next(condition for condition in CONDITIONS if condition.name == name)
