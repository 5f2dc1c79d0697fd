"""What a person sees of a training run while it goes on."""

from __future__ import annotations

from rich.progress import Progress

from keyphrases.console import err
from trainer.progress import Began, Event, Stepped, Validated, Validating


class TrainingDisplay:
    """A listener of `trainer.run.train` that draws a bar and prints a line per epoch."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task = bar.add_task("start workers", total=None, words="")

    def __call__(self, event: Event) -> None:
        match event:
            case Began():
                about = f"{event.posts} posts, {event.epochs} epochs"
                if event.step:
                    err.print(f"going on after step {event.step} of {event.steps}")
                self._show("train", event.step, about, total=event.steps)
            case Stepped():
                words = f"epoch {event.epoch}  loss {event.loss:.3f}"
                words += f"  {event.posts_per_second:.0f} posts/s"
                self._show("train", event.step, words)
            case Validating():
                self._show("validate", None, f"epoch {event.epoch}")
            case Validated():
                scores = event.scores["cmkp"]["all"]
                figures = "  ".join(f"{key} {scores[key]:.3f}" for key in ("f1@1", "f1@3", "map@5"))
                best = "  (best so far)" if event.best else ""
                err.print(f"epoch {event.epoch}: loss {event.loss:.3f}  {figures} (cmkp){best}")

    def _show(
        self, description: str, completed: int | None, words: str, total: int | None = None
    ) -> None:
        self._bar.update(
            self._task, description=description, completed=completed, words=words, total=total
        )
