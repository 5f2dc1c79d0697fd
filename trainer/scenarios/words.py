"""Scenarios in which the words in a picture are shown too, as OCR reads them."""

from __future__ import annotations

from posts.ocr import add_words, read_words
from trainer.scenarios.shown import Scenario, Shown
from trainer.training_set import TrainingSet


def with_words(scenario: Scenario) -> Scenario:
    """The same, and behind its text the words in the very picture that is shown, noise and all."""

    def show(examples: TrainingSet, row: int) -> Shown:
        shown = scenario(examples, row)
        if shown.picture is None:
            return shown
        return Shown(add_words(shown.text, read_words(shown.picture)), shown.picture)

    return show
