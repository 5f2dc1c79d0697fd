"""The baselines."""

from trainer.baselines import PREDICTIONS, most_frequent, nearest_neighbour
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
