"""Texts with spelling mistakes."""

import pytest

from trainer.scenarios.text_noise import NEIGHBOURS, misspell

TEXT = "The  quick brown fox\njumps over ÖÄÜ 42 lazy dogs"


def wrong(text: str, severity: int, post_id: str) -> set[int]:
    before, after = text.split(), misspell(text, severity, post_id).split()
    assert len(before) == len(after)
    return {place for place, word in enumerate(before) if after[place] != word}


@pytest.mark.parametrize("severity", range(1, 6))
def test_as_many_words_are_wrong_as_said(severity: int) -> None:
    """Of ten words half a word for each step of severity, rounded by lot."""
    counts = [len(wrong(TEXT, severity, str(number))) for number in range(400)]
    assert set(counts) <= {severity // 2, -(-severity // 2)}
    assert sum(counts) / len(counts) == pytest.approx(severity / 2, abs=0.1)


def test_the_next_severity_keeps_the_mistakes() -> None:
    for number in range(50):
        assert wrong(TEXT, 2, str(number)) <= wrong(TEXT, 5, str(number))


def test_the_same_post_has_the_same_mistakes() -> None:
    assert misspell(TEXT, 5, "a") == misspell(TEXT, 5, "a")
    assert len({misspell(TEXT, 5, str(number)) for number in range(20)}) > 15


def test_nothing_is_made_of_nothing() -> None:
    assert misspell("", 5, "a") == ""
    assert misspell(" \n ", 5, "a") == " \n "


def test_neighbours_lie_around_their_key() -> None:
    assert set(NEIGHBOURS["s"]) == set("adwezx")
    assert all(key in NEIGHBOURS[other] for key in NEIGHBOURS for other in NEIGHBOURS[key])
