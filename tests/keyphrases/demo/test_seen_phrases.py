"""Phrases that are worth a search because no text has a word of them."""

from __future__ import annotations

from indexer.index.query import Hit
from keyphrases.demo.seen_phrases import seen_phrases
from posts.phrases import Keyphrase


def post(id: str, text: str, **scores: float) -> Hit:
    phrases = tuple(Keyphrase(name.replace("_", " "), score) for name, score in scores.items())
    return Hit(id=id, score=0.0, text=text, keyphrases=phrases, highlight=text)


def test_a_phrase_with_a_word_of_any_text_is_none() -> None:
    posts = [
        post("1", "my houses", animal=0.5, red_house=1.0),
        post("2", "a red boat", house=1.0, flag=0.4),
    ]
    assert seen_phrases(posts, 5) == ["animal", "flag"]


def test_each_finds_posts_that_none_before_it_finds() -> None:
    posts = [
        post("1", "", house=0.9, building=0.8),
        post("2", "", house=0.9, building=0.8),
        post("3", "", building=0.1, flag=0.4),
    ]
    assert seen_phrases(posts, 3) == ["house", "flag"]


def test_scores_count_and_not_how_often_a_phrase_was_guessed() -> None:
    posts = [post(str(number), "", shape=0.01) for number in range(5)]
    posts.append(post("sure", "", bird=0.9))
    assert seen_phrases(posts, 1) == ["bird"]
    assert seen_phrases(posts, 3) == ["bird", "shape"]


def test_without_pictures_that_say_anything_there_is_none() -> None:
    assert seen_phrases([], 3) == []
    assert seen_phrases([post("1", "a cat", cat=1.0)], 3) == []
    assert seen_phrases([post("1", "", **{"!!": 1.0})], 3) == []
