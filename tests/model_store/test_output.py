from math import log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_store.output import (
    MOST_CHARACTERS,
    MOST_PHRASES,
    MOST_WORDS,
    Beam,
    parse_phrases,
    score_phrases,
    write_phrases,
)
from posts.phrases import display_form


def scores(beams):
    return [(phrase, pytest.approx(score)) for phrase, score in score_phrases(beams)]


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        ("red cat, chair", ["red cat", "chair"]),
        (" red  cat ,, chair\nsun\r\n", ["red cat", "chair", "sun"]),
        ("red cat</s><pad>, <|im_end|>", ["red cat"]),
        ('"red cat", - chair, * sun', ["red cat", "chair", "sun"]),
        ("c++, c#, #tag, 🔥, 猫，犬", ["c++", "c#", "#tag", "🔥", "猫", "犬"]),
        (", ... ,!?,", []),
        ("caf\ufffd, tea", ["tea"]),
        ("", []),
    ],
)
def test_phrases_are_read_from_what_a_model_writes(text, phrases):
    assert parse_phrases(text) == phrases


def test_babble_is_no_phrase():
    text = f"{'a ' * (MOST_WORDS + 1)}, {'a' * (MOST_CHARACTERS + 1)}, cat"

    assert parse_phrases(text) == ["cat"]
    assert len(parse_phrases(",".join(map(str, range(1000))))) == MOST_PHRASES


@settings(deadline=None)
@given(st.text())
def test_any_text_can_be_read(text):
    for phrase in parse_phrases(text):
        assert phrase.strip() == phrase
        assert display_form(phrase)


@settings(deadline=None)
@given(st.lists(st.from_regex(r"[a-z]{1,9}( [a-z]{1,9}){0,2}", fullmatch=True), max_size=9))
def test_what_is_written_reads_back(phrases):
    assert parse_phrases(write_phrases(phrases)) == phrases


def test_a_comma_in_a_phrase_is_not_written():
    assert write_phrases(["rome, italy", " ", "a\nb", "猫，犬"]) == "rome italy, a b, 猫 犬"


def test_a_phrase_scores_the_share_of_the_beams_that_contain_it():
    beams = [Beam("cat, dog", log(0.6) - 9), Beam("cat", log(0.3) - 9), Beam("sun", log(0.1) - 9)]

    assert scores(beams) == [("cat", 0.9), ("dog", 0.6), ("sun", 0.1)]


def test_near_duplicates_are_one_in_the_writing_of_the_best_beam():
    beams = [Beam("Running Dogs", log(0.3)), Beam("running dog, running dogs", log(0.7))]

    assert scores(beams) == [("running dog", 1.0)]


def test_ties_go_by_best_beam_then_by_position():
    beams = [Beam("d, c", log(0.2)), Beam("b, a", log(0.4)), Beam("f, e", log(0.4) - 1e-6)]

    assert [phrase for phrase, _ in score_phrases(beams)] == ["b", "a", "f", "e", "d", "c"]
    # x is found first, though in the worse of two equal sums.
    equal = [Beam("x", log(0.6)), Beam("y", log(0.3)), Beam("y", log(0.3))]
    assert [phrase for phrase, _ in score_phrases(equal)] == ["x", "y"]


def test_no_beams_give_no_keyphrases():
    assert score_phrases([]) == []


def test_very_improbable_beams_do_not_underflow():
    assert scores([Beam("a", -5000.0), Beam("b", -5000.0)]) == [("a", 0.5), ("b", 0.5)]
