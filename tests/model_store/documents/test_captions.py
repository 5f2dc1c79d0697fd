from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image

from model_store.documents.candidates import CANDIDATES, best_candidates
from model_store.documents.captions import FEW_SENTENCES, CaptionFinder, Task
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
    """Aligned by a table too; a text that is not in it, with probability 0.1."""

    has_alignment = True

    def __init__(
        self, aligned: dict[tuple[int, str], float], answers: dict[str | int, list[Keyphrase]]
    ) -> None:
        super().__init__(answers)
        self.aligned = aligned

    def alignments(self, pictures: Sequence[Image.Image], texts: Sequence[str]) -> np.ndarray:
        self.asked.append("alignments")
        return np.array(
            [[self.aligned.get((one.width, text), 0.1) for text in texts] for one in pictures]
        )


def pictures(*widths: int) -> list[Image.Image]:
    return [Image.new("RGB", (width, 5)) for width in widths]


def test_what_keyphrases_share() -> None:
    assert mentions([CAT, DOG], "Two cats sleep") == {"cat": 0.6}
    assert mentioned([CAT, DOG], "cats and dogs") == 0.8
    assert mentioned([CAT], "a category") == mentioned([], "cat") == 0.0


def test_what_answers_share() -> None:
    found = shared([[CAT], [DOG], []], [[CAT], [DOG], [], []], ["x", "x", "x", "my cat"])
    assert found.round(6).tolist() == [[1, 0, 0, 1], [0, 1, 0, 0], [0, 0, 0, 0]]
    less, more = shared([[CAT, ANIMAL]], [[DOG, ANIMAL], [ANIMAL]], ["x", "cat"])[0]
    assert 0 < less < more
    assert shared([[CAT]], [], []).shape == (1, 0)


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
    aligned = {(width, text): p for width in (1, 2) for text, p in (("one", 0.8), ("two", 0.9))}
    model = AligningModel(aligned, {1: [CAT], 2: [DOG], "one": [CAT], "two": [DOG]})
    (found,) = CaptionFinder(model)([Task(pictures(1, 2), many)])
    assert [None if one is None else one.sentence for one in found] == [0, 1]
    # Of the others only as many are asked as there is place for.
    assert len([one for one in model.asked if one != "alignments"]) == 2 + CANDIDATES
    assert model.asked[0] == "alignments", "the tower would see pictures twice"


def test_keyphrases_of_a_sentence_are_aligned_too() -> None:
    sentences = ["purrs", "barks"]
    answers: dict[str | int, list[Keyphrase]] = {"purrs": [CAT, ANIMAL], "barks": [DOG, ANIMAL]}
    aligned = {(1, "dog, animal"): 0.9, (2, "cat, animal"): 0.9}
    model = AligningModel(aligned, answers)
    (found,) = CaptionFinder(model)([Task(pictures(1, 2), sentences)])
    assert [None if one is None else one.sentence for one in found] == [1, 0]


def test_a_sentence_without_keyphrases_stands_for_itself() -> None:
    model = AligningModel({(1, "purrs"): 0.9}, {})
    (found,) = CaptionFinder(model)([Task(pictures(1, 2), ["purrs"])])
    assert [None if one is None else one.sentence for one in found] == [0, None]


def test_what_does_not_fit_is_no_caption() -> None:
    model = AligningModel({}, {1: [CAT], "one": [DOG]})
    assert CaptionFinder(model)([Task(pictures(1), ["one"])]) == [[None]]


def test_a_picture_that_is_shown_no_other_candidate_gets_none_of_theirs() -> None:
    many = [f"sentence {number}" for number in range(2 * CANDIDATES)]
    aligned = {(1, text): 0.9 for text in many[:CANDIDATES]}
    aligned |= {(2, text): 0.9 for text in many[CANDIDATES:]}
    # By keyphrases alone each would have one of the other's.
    answers: dict[str | int, list[Keyphrase]] = {1: [CAT], 2: [DOG], many[-1]: [CAT]}
    model = AligningModel(aligned, answers | {many[0]: [DOG]})
    (found,) = CaptionFinder(model)([Task(pictures(1, 2), many)])
    first, second = (one.sentence for one in found if one is not None)
    assert first < CANDIDATES <= second


def test_nothing_is_asked_for_nothing() -> None:
    model = Model({})
    tasks = [Task([], ["one"]), Task(pictures(1), []), Task([], [])]
    assert CaptionFinder(model)(tasks) == [[], [None], []]
    assert model.asked == []
