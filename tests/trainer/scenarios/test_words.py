"""Scenarios in which the words in a picture are shown too."""

from __future__ import annotations

from pathlib import Path

import pytest

from posts.post import Post
from tests.sample_pictures import encoded, written
from tests.trainer.examples import training_set
from trainer.scenarios import find_scenario
from trainer.training_set import TrainingSet


@pytest.fixture
def examples(tmp_path: Path) -> TrainingSet:
    signs = [written((10, 20, words, 30), size=(220, 80)) for words in ("boat club", "old mill")]
    return training_set(
        tmp_path,
        [
            Post(id="a", text="a house", image=encoded(signs[0]), keyphrases=("club",)),
            Post(id="b", text="a stream", image=encoded(signs[1]), keyphrases=("mill",)),
            Post(id="c", text="a thought", keyphrases=("idea",)),
        ],
    )


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("clean", ["a house\nboat club", "a stream\nold mill", "a thought"]),
        ("text-only", ["a house", "a stream", "a thought"]),
        ("image-only", ["boat club", "old mill", ""]),
        ("shuffled", ["a house\nold mill", "a stream\nboat club", "a thought"]),
    ],
)
def test_the_words_of_the_picture_that_is_shown_stand_behind_the_text(
    examples: TrainingSet, name: str, texts: list[str]
) -> None:
    helped, plain = find_scenario(name, ocr=True), find_scenario(name)
    assert [helped(examples, row).text for row in range(3)] == texts
    for row in range(3):
        assert helped(examples, row).picture == plain(examples, row).picture
