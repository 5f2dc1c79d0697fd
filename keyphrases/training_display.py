"""What a person sees of a training run while it goes on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keyphrases.console import Bar, err
from keyphrases.views_table import noisiest_line, views_table
from trainer.progress import (
    Began,
    CheckpointFailed,
    Event,
    LeftOut,
    Lesson,
    Stepped,
    Validated,
    Validating,
    WarmedUp,
)


class TrainingDisplay:
    """A listener of `trainer.run.train`: moves a bar, and prints how each epoch went."""

    def __init__(self, bar: Bar) -> None:
        self._bar = bar
        self._step = 0
        self._steps = 0

    def __call__(self, event: Event) -> None:
        match event:
            case LeftOut():
                told = ", ".join(f"{count:,} {reason}" for reason, count in event.reasons.items())
                err.print(f"left out of {event.dump}: {told}", markup=False)
            case CheckpointFailed():
                told = f"no checkpoint was written after step {event.step}: {event.why}"
                err.print(told, markup=False)
            case WarmedUp():
                words = f"pass {event.epoch} of {event.epochs}  loss {event.loss:.3f}"
                self._bar.show("warm up the projector", event.epoch, event.epochs, words)
            case Lesson():
                words = f"lesson {event.update} of {event.updates}  loss {event.loss:.3f}"
                self._bar.show("learn to read pictures", event.update, event.updates, words)
            case Began():
                if event.step:
                    err.print(f"going on after step {event.step} of {event.steps}")
                self._step, self._steps = event.step, event.steps
                self._show("train", f"{event.posts} posts, {event.epochs} epochs")
            case Stepped():
                self._step = event.step
                rate = f"{event.posts_per_second:.0f} posts/s"
                self._show("train", f"epoch {event.epoch}  loss {event.loss:.3f}  {rate}")
            case Validating():
                self._show("validate", f"epoch {event.epoch}")
            case Validated():
                scores = event.scores["cmkp"]["all"]
                figures = "  ".join(f"{key} {scores[key]:.3f}" for key in ("f1@1", "f1@3", "map@5"))
                best = "  (best so far)" if event.best else ""
                err.print(f"epoch {event.epoch}: loss {event.loss:.3f}  {figures} (cmkp){best}")
                if event.views is not None:
                    self._show_views(event.epoch, event.views)

    def _show_views(self, epoch: int, views: Mapping[str, Any]) -> None:
        err.print(views_table("masked views", [(epoch, views)]))
        if noisiest := noisiest_line(views):
            err.print(noisiest, markup=False)

    def _show(self, doing: str, words: str) -> None:
        self._bar.show(doing, self._step, self._steps, words)
