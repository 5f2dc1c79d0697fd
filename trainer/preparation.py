"""What is learnt before the first epoch: the projector's words, and how to read them."""

from __future__ import annotations

from collections.abc import Callable

from torch import distributed

from model_store.base import Base
from model_store.prompt import Prompt
from trainer.config import TrainConfig
from trainer.loop import Worker
from trainer.progress import Event, Lesson, WarmedUp
from trainer.projector_warm_up import warm_up_projector
from trainer.reading_lessons import teach_reading
from trainer.training_set import TrainingSet
from trainer.vision_cache import VisionCache


def prepare(
    base: Base,
    examples: TrainingSet,
    vision: VisionCache | None,
    prompt: Prompt,
    *,
    config: TrainConfig,
    worker: Worker,
    report: Callable[[Event], None],
) -> None:
    """Trains projector and LoRA in place, as far as the settings ask for it.

    In the warm-up all workers compute the same, for none has anything better to do; then all take
    the first one's projector, lest their processors round differently. Lessons they share.
    """
    passes, updates = config.projector_warm_up, config.reading_lessons
    if not passes or vision is None:
        return
    words = warm_up_projector(
        base,
        examples,
        vision,
        epochs=passes,
        seed=config.seed,
        advance=lambda epoch, loss: report(WarmedUp(epoch=epoch, epochs=passes, loss=loss)),
    )
    if words is None:
        return
    if worker.workers > 1:
        learnt = [*base.family.projector(base.model).parameters(), words.bias]
        for parameter in learnt:
            distributed.broadcast(parameter.data, src=0)
    if updates:
        teach_reading(
            base,
            examples,
            vision,
            words,
            prompt,
            config=config,
            worker=worker,
            advance=lambda update, loss: report(Lesson(update=update, updates=updates, loss=loss)),
        )
