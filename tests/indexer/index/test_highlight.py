"""The passage that shows why a text was found."""

from __future__ import annotations

import re
from html import unescape

from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.index.highlight import highlight


def test_the_start_of_the_text_is_shown_if_no_word_matches() -> None:
    assert highlight("A cat & a dog", ["bird"]) == "A cat &amp; a dog"
    assert 150 < len(highlight("word " * 1_000, ["bird"])) <= 200


def test_the_passage_with_the_most_words_is_chosen() -> None:
    text = "cat " + "filler " * 100 + "here the cats met two dogs at last " + "filler " * 100
    passage = highlight(text, ["cat", "dog"])
    assert "<mark>cats</mark> met two <mark>dogs</mark>" in passage
    assert len(re.sub("</?mark>", "", passage)) <= 200


def test_no_word_is_cut_at_the_ends() -> None:
    text = "elephants " * 100 + "cat " + "elephants " * 100
    words = set(re.sub("</?mark>", "", highlight(text, ["cat"])).split())
    assert words == {"elephants", "cat"}


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab '<>&\u0301東🎉\n", max_size=400))
def test_any_passage_is_escaped_and_a_part_of_the_text(text: str) -> None:
    passage = highlight(text, ["a", "ab", "東"])
    plain = passage.replace("<mark>", "").replace("</mark>", "")
    assert not re.search("[<>]", plain)
    assert unescape(plain) in text
