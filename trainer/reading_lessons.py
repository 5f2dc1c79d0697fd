"""Lessons in reading: a language model learns to say what image tokens say, before any gold.

After its warm-up a projector puts image tokens near the embeddings of words, but a language model
has never met embeddings that are several words at once, and a few thousand posts with gold are few
to learn it from: it learns their texts instead. What tokens say is known, though, of any tokens
(`trainer.image_words`), right or wrong for the picture. So each lesson shows pictures alone, some
of their features left out and some of them laid over one another, and its target is what the tokens
of just that say. Nothing in it is noise, and there is no end of it.

That is how a model learns to read a projector; whom to believe it learns afterwards, from gold.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from model_store.base import Base
from model_store.families import EncodedPicture
from model_store.prompt import Prompt
from trainer.config import TrainConfig
from trainer.examples import Examples
from trainer.image_words import ImageWords
from trainer.loop import Worker, uses_bf16
from trainer.optimization import make_optimizer, set_rates
from trainer.order import Order
from trainer.step import StandardStep
from trainer.training_set import TrainingSet
from trainer.update import apply_update
from trainer.vision_cache import VisionCache
from trainer.vision_dropout import drop_channels

_LORA_RATE = 1e-3
_PROJECTOR_RATE = 5e-4
_PHRASES = 3
"""That a picture says in a lesson."""
_CHANNELS_DROPPED = (0.0, 0.5, 0.7, 0.85)
"""Each as often as the others."""
_OVERLAID = 0.3
"""Share of the pictures that have another one laid over them."""


def teach_reading(
    base: Base,
    examples: TrainingSet,
    vision: VisionCache,
    words: ImageWords,
    prompt: Prompt,
    *,
    config: TrainConfig,
    worker: Worker,
    advance: Callable[[int, float], None] = lambda _update, _loss: None,
) -> None:
    """Trains LoRA and projector in place, `config.reading_lessons` updates of `config.batch_size`
    pictures that the workers share.

    `words` reads the projector as it is now. `advance` is told each update, from 1, and the mean
    loss of its label tokens.
    """
    pictures = [row for row in range(len(examples)) if examples[row].image is not None]
    lessons = _Lessons(base, pictures, vision, words, prompt, config.seed)
    rates = replace(config, lora_learning_rate=_LORA_RATE, projector_learning_rate=_PROJECTOR_RATE)
    optimizer = make_optimizer(base, rates)
    step = StandardStep(base.model, base.family, bf16=uses_bf16(config, worker.device))
    order = Order(posts=len(pictures), batch_size=config.batch_size, seed=config.seed)
    base.model.train()
    for update in range(config.reading_lessons):
        epoch, number = divmod(update, order.batches)
        share = order.share(epoch, number, worker.rank, worker.workers).tolist()
        size = config.micro_batch_size
        losses = []
        for start in range(0, len(share), size):
            lesson = lessons(share[start : start + size], update)
            losses.append(step(lesson.ids, lesson.batch.to(worker.device)))
        set_rates(optimizer, update, config.reading_lessons, config.warmup_ratio)
        loss = apply_update(optimizer, losses, config.max_grad_norm)
        advance(update + 1, loss.mean)


class _Lessons:
    """Makes them up; the same seed, update and picture give the same."""

    def __init__(
        self,
        base: Base,
        pictures: list[int],
        vision: VisionCache,
        words: ImageWords,
        prompt: Prompt,
        seed: int,
    ) -> None:
        self._family = base.family
        self._device = base.model.device
        # The one that `words` can read: the model's own goes on learning.
        self._projector = copy.deepcopy(base.family.projector(base.model)).requires_grad_(False)
        self._pictures = pictures
        self._vision = vision
        self._words = words
        self._prompt = prompt
        self._seed = seed

    def __call__(self, chosen: list[int], update: int) -> Examples:
        shown = [self._shown(picture, update) for picture in chosen]
        means = torch.stack([self._tokens(one.states).mean(0) for one in shown])
        said = self._words.say(means, _PHRASES)
        ids = tuple(str(picture) for picture in chosen)
        return Examples(ids, self._prompt.encode_training([""] * len(shown), shown, said))

    def _shown(self, picture: int, update: int) -> EncodedPicture:
        draw = np.random.default_rng([self._seed, update, picture])
        shown = self._picture(picture)
        states = shown.states.float()
        if draw.random() < _OVERLAID:
            other = self._picture(int(draw.integers(len(self._pictures)))).states
            if other.shape == states.shape:
                states = (states + other.float()) / 2
        random = torch.Generator().manual_seed(int(draw.integers(2**63)))
        states = drop_channels(states, float(draw.choice(_CHANNELS_DROPPED)), random)
        return shown._replace(states=states.to(shown.states.dtype))

    def _picture(self, number: int) -> EncodedPicture:
        picture = self._vision[self._pictures[number]]
        if picture is None:
            raise ValueError(
                f"the vision cache has no picture in row {self._pictures[number]}, and the "
                "examples have"
            )
        return picture

    @torch.no_grad()
    def _tokens(self, states: Tensor) -> Tensor:
        return self._family.project_with(self._projector, states.to(self._device, torch.float32))
