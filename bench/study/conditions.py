"""The conditions of the study: what is trained, how, and on how much label noise."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from model_store.base import identify_base
from model_store.base_names import SMALL
from trainer.config import TrainConfig
from trainer.configs import SMALL_CONFIG

TRAIN_POSTS = 400
"""With 800 the standard method is at 0.97 F1@3 without noise, too near 1 to show differences."""
TEST_POSTS = 300
EPOCHS = 6
"""AimKP's first epoch masks nothing, and strides then double: 2, 4, 8, 16, 32."""
NOISE = 0.2
"""Label noise of the ablations."""

SCENARIOS = ("clean", "text-only", "image-only", "shuffled")
"""What the held-out posts are measured in."""

STANDARD, AIMKP = "standard", "aimkp"
STANDARD_TOLD, AIMKP_TOLD = "standard-told", "aimkp-told"
STANDARD_FEW, AIMKP_FEW = "standard-few", "aimkp-few"
ELSEWHERE = {
    "where_texts_name_the_picture": (AIMKP_TOLD, STANDARD_TOLD),
    "with_few_posts": (AIMKP_FEW, STANDARD_FEW),
}
"""Pairs that put an explanation to the test."""
_NO_FILTER = {"tau_image": -1.0, "tau_text": -1.0}
ABLATIONS: dict[str, dict[str, Any]] = {
    "no-text-masking": {"largest_text_stride": 1},
    "no-image-masking": {"largest_image_stride": 1},
    "no-filter": _NO_FILTER,
    "fixed-stride-2": {"largest_text_stride": 2, "largest_image_stride": 2},
}


@dataclass(frozen=True, kw_only=True)
class Condition:
    """A way to train, on labels of which some are wrong."""

    name: str
    noise: float
    """Share of the training posts whose gold keyphrases are another post's."""
    settings: dict[str, Any] = field(default_factory=dict)
    """What differs from trainer/configs/small.yaml, the number of epochs apart."""
    told: bool = False
    """Whether each text, in training and after, also names what the picture shows."""
    train_posts: int = TRAIN_POSTS
    epochs: int = EPOCHS


CONDITIONS = (
    *(
        Condition(name=method, noise=noise, settings={"method": method})
        for noise in (0.0, 0.2, 0.4)
        for method in (STANDARD, AIMKP)
    ),
    *(Condition(name=name, noise=NOISE, settings=settings) for name, settings in ABLATIONS.items()),
    # Where text and picture overlap, which they do not otherwise: is it that which AimKP needs?
    Condition(name=STANDARD_TOLD, noise=0.0, settings={"method": STANDARD}, told=True),
    Condition(name=AIMKP_TOLD, noise=0.0, settings={"method": AIMKP}, told=True),
    # Where less is learnt of text and picture, though in as many steps: is there more to win?
    *(
        Condition(name=name, noise=0.0, settings={"method": method}, train_posts=128, epochs=20)
        for name, method in ((STANDARD_FEW, STANDARD), (AIMKP_FEW, AIMKP))
    ),
)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One run: a condition under a seed."""

    condition: Condition
    seed: int
    """Of LoRA's first weights, the order of the posts, and which labels are wrong."""
    test_posts: int = TEST_POSTS

    @property
    def name(self) -> str:
        return f"{self.condition.name}-noise{round(100 * self.condition.noise):02d}-seed{self.seed}"

    @property
    def config(self) -> TrainConfig:
        own = self.condition.settings | {"epochs": self.condition.epochs, "seed": self.seed}
        return TrainConfig.from_yaml(SMALL_CONFIG, **own)

    def settings(self) -> dict[str, Any]:
        """All that decides what comes out.

        Of the configuration only what is not the default: a setting that is added later, with a
        default that changes nothing, does not make finished runs stale.
        """
        usual, config = TrainConfig().to_json(), self.config.to_json()
        told = {"told": True} if self.condition.told else {}
        return told | {
            "base": identify_base(SMALL).sha256,
            "noise": self.condition.noise,
            "train_posts": self.condition.train_posts,
            "test_posts": self.test_posts,
            "config": {key: value for key, value in config.items() if value != usual[key]},
        }

    def fingerprint(self) -> str:
        """Of the settings."""
        return hashlib.sha256(json.dumps(self.settings(), sort_keys=True).encode()).hexdigest()


def plans(seeds: Iterable[int]) -> list[Plan]:
    """All conditions of the first seed, then all of the next."""
    return [Plan(condition=condition, seed=seed) for seed in seeds for condition in CONDITIONS]
