from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image

from model_store.documents.candidates import CANDIDATES, best_candidates
from model_store.documents.captions import FEW_SENTENCES, LEAST_SCORE, CaptionFinder, Task
from model_store.documents.support import mentioned, mentions, shared
from posts.phrases import Keyphrase

CAT, DOG, ANIMAL = Keyphrase("cat", 0.6), Keyphrase("dog", 0.8), Keyphrase("animal", 0.8)


class Model:
    """Answers by a table; a picture is its width."""

    def __init__(self, answers: dict[str | int, list[Keyphrase]]) -> None:
        self.answers = answers
        self.asked: list[str | int] = []

    def __call__(
        self, texts: Sequence[str], pictures: Sequence[Image.Image | None]
    ) -> list[list[Keyphrase]]:
        asked = [
            text if picture is None else picture.width
            for text, picture in zip(texts, pictures, strict=True)
        ]
        self.asked += asked
        return [self.answers.get(one, []) for one in asked]


class AligningModel(Model):
    has_alignment = True

    def __init__(self, probabilities: list[list[float]], **answers: list[Keyphrase]) -> None:
        super().__init__({key if len(key) > 1 else int(key): one for key, one in answers.items()})
        self.probabilities = np.array(probabilities)

    def alignments(self, pictures: Sequence[Image.Image], texts: Sequence[str]) -> np.ndarray:
        return self.probabilities


def pictures(*widths: int) -> list[Image.Image]:
    return [Image.new("RGB", (width, 5)) for width in widths]


def test_what_keyphrases_share() -> None:
    assert mentions([CAT, DOG], "Two cats sleep") == {"cat": 0.6}
    assert mentioned([CAT, DOG], "cats and dogs") == 0.8
    assert mentioned([CAT], "a category") == mentioned([], "cat") == 0.0
    assert shared([CAT, DOG], [CAT, DOG], "x") == pytest.approx(1)
    assert shared([CAT], [DOG], "x") == shared([CAT], [], "x") == shared([], [], "x") == 0
    assert shared([CAT], [], "my cat") == pytest.approx(1)
    assert 0 < shared([CAT, ANIMAL], [DOG, ANIMAL], "x") < shared([CAT, ANIMAL], [ANIMAL], "cat")


def test_candidates_are_the_best_above_nothing() -> None:
    scores = np.array([[0.1, 0.9, 0.0, 0.9, 0.9], [0.0, 0.0, 0.0, 0.0, 0.2]])
    assert best_candidates(scores, 2).tolist() == [
        [False, True, False, True, False],
        [False, False, False, False, True],
    ]
    assert best_candidates(np.ones((2, 9))).sum() == 2 * CANDIDATES
    assert best_candidates(np.ones((2, 1))).all()
    assert best_candidates(np.ones((2, 0))).shape == (2, 0)


def test_without_vectors_words_decide_what_is_looked_at() -> None:
    model = Model({1: [CAT], 2: [DOG], "a cat": [CAT], "the dog": [DOG]})
    sentences = ["the dog", *(f"nothing {n}" for n in range(FEW_SENTENCES)), "a cat"]
    (found,) = CaptionFinder(model)([Task(pictures(1, 2, 3), sentences)])
    assert [None if one is None else one.sentence for one in found] == [
        *(len(sentences) - 1, 0, None)
    ]
    assert found[0] is not None
    assert found[0].score == pytest.approx(1)
    assert model.asked == [1, 2, 3, "the dog", "a cat"]


def test_few_sentences_are_all_looked_at() -> None:
    model = Model({1: [CAT], 2: [DOG], "meow": [CAT], "woof": [DOG]})
    (found,) = CaptionFinder(model)([Task(pictures(1, 2), ["woof", "nothing", "meow"])])
    assert [None if one is None else one.sentence for one in found] == [2, 0]
    assert model.asked == [1, 2, "woof", "nothing", "meow"]


def test_vectors_choose_candidates_and_keyphrases_decide_among_them() -> None:
    many = ["one", "two", *(f"other {number}" for number in range(20))]
    probabilities = [[0.8, 0.9, *[0.1] * 20], [0.8, 0.9, *[0.1] * 20]]
    answers = {"1": [CAT], "2": [DOG], "one": [CAT], "two": [DOG]}
    model = AligningModel(probabilities, **answers)
    (found,) = CaptionFinder(model)([Task(pictures(1, 2), many)])
    assert [None if one is None else one.sentence for one in found] == [0, 1]
    # Of the others only as many are asked as there is place for.
    assert len(model.asked) == 2 + CANDIDATES


def test_what_does_not_fit_is_no_caption() -> None:
    model = AligningModel([[LEAST_SCORE]])
    assert CaptionFinder(model)([Task(pictures(1), ["one"])]) == [[None]]


def test_nothing_is_asked_for_nothing() -> None:
    model = Model({})
    tasks = [Task([], ["one"]), Task(pictures(1), []), Task([], [])]
    assert CaptionFinder(model)(tasks) == [[], [None], []]
    assert model.asked == []
