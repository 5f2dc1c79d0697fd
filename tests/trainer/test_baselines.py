"""The baselines."""

import numpy as np

from trainer.baselines import (
    PREDICTIONS,
    feature_likeness,
    most_alike,
    most_frequent,
    nearest_neighbour,
    neighbours_vote,
    text_likeness,
)
from trainer.training_set import Example


def example(text: str, *keyphrases: str) -> Example:
    return Example(id=text, text=text, image=None, keyphrases=keyphrases)


TRAIN = [
    example("a red cat asleep", "Cats", "sofa"),
    example("a red cat awake", "cats"),
    example("stock prices fell", "economy"),
]


def test_most_frequent_predicts_the_same_for_every_post() -> None:
    cases = most_frequent(TRAIN, [example("x", "gold"), example("y", "gold")])
    assert [case.predicted[0] for case in cases] == ["cats", "cats"]
    assert cases[0].gold == ("gold",)


def test_the_nearest_neighbour_gives_its_gold() -> None:
    (case,) = nearest_neighbour(TRAIN, [example("prices of stock", "gold")])
    assert list(case.predicted) == ["economy"]


def test_without_a_known_word_the_most_frequent_phrases_are_predicted() -> None:
    strange = [example("zzz", "gold"), example("", "gold")]
    predicted = [case.predicted for case in nearest_neighbour(TRAIN, strange)]
    assert predicted == [case.predicted for case in most_frequent(TRAIN, strange)]
    wordless = [example("", "a"), example("!", "a")]
    assert list(nearest_neighbour(wordless, strange)[0].predicted) == ["a"]


def test_a_phrase_is_predicted_once_and_no_more_than_are_scored() -> None:
    train = [example("t", "dog", "Dogs", "d1", "d2", "d3", "d4", "d5")]
    (case,) = nearest_neighbour(train, [example("t", "gold")])
    assert list(case.predicted) == ["dog", "d1", "d2", "d3", "d4"]
    assert len(case.predicted) == PREDICTIONS


PICTURES = np.array([[1.0, 0.0, 0.1], [5.0, 4.0, 0.0], [0.0, 0.0, 3.0]])


def predicted(*likenesses: np.ndarray, test: list[Example]) -> list[list[str]]:
    return [list(case.predicted) for case in most_alike(TRAIN, test, *likenesses)]


def test_the_picture_most_alike_gives_its_gold_whatever_its_size() -> None:
    asked = [example("stock prices", "gold"), example("x", "gold")]
    likeness = feature_likeness(PICTURES, np.array([[0.5, 0.4, 0.0], [0.0, 0.0, 0.1]]))
    assert likeness.shape == (2, 3)
    assert predicted(likeness, test=asked) == [["cats"], ["economy"]]


def test_texts_are_alike_as_the_nearest_neighbour_has_it() -> None:
    asked = [example("prices of stock", "gold"), example("asleep", "gold"), example("zz", "gold")]
    likeness = text_likeness(TRAIN, asked)
    expected = [list(case.predicted) for case in nearest_neighbour(TRAIN, asked)]
    assert predicted(likeness, test=asked) == expected
    assert not text_likeness([example("!", "a")], asked).any()


def test_what_neither_says_alone_both_say_together() -> None:
    asked = [example("a red cat", "gold")]
    text = np.array([[0.6, 0.5, 0.0]])
    picture = np.array([[0.0, 0.5, 0.6]])
    assert predicted(text, test=asked) == [["Cats", "sofa"]]
    assert predicted(picture, test=asked) == [["economy"]]
    assert predicted(text, picture, test=asked) == [["cats"]]


def test_a_post_like_none_gets_the_most_frequent_phrases() -> None:
    asked = [example("", "gold")]
    nothing = feature_likeness(PICTURES, np.zeros((1, 3)))
    expected = [list(case.predicted) for case in most_frequent(TRAIN, asked)]
    assert predicted(nothing, text_likeness(TRAIN, asked), test=asked) == expected


def test_neighbours_vote_with_their_likeness() -> None:
    asked = [example("x", "gold")]
    likeness = np.array([[0.3, 0.3, 0.5]])
    (three,) = neighbours_vote(TRAIN, asked, likeness, neighbours=3)
    assert list(three.predicted) == ["Cats", "economy", "sofa"]
    (one,) = neighbours_vote(TRAIN, asked, likeness, neighbours=1)
    assert list(one.predicted) == ["economy"]


def test_those_that_are_not_alike_at_all_have_no_vote() -> None:
    asked = [example("x", "gold"), example("y", "gold")]
    some, none = neighbours_vote(TRAIN, asked, np.array([[0.0, 0.2, 0.0], [0.0, 0.0, 0.0]]))
    assert list(some.predicted) == ["cats"]
    assert none == most_frequent(TRAIN, asked)[1]
