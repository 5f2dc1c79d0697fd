from __future__ import annotations

from model_store.documents.summary import LONGEST_SUMMARY, summarise
from posts.phrases import Keyphrase

CAT, DOG = Keyphrase("cat", 0.6), Keyphrase("dog", 0.8)


def test_sentences_with_new_keyphrases_come_in_their_order() -> None:
    said = ["A cat was seen.", "Nothing else of note.", "One dog, big dog!", "The dog and so on."]
    assert summarise(said, {}, [CAT, DOG]) == "A cat was seen. … One dog, big dog!"


def test_a_caption_speaks_for_its_sentence() -> None:
    said = ["A cat was seen.", "Nothing else of note.", "The dog and so on."]
    assert summarise(said, {1: 0.9}, [CAT]) == "A cat was seen. Nothing else of note."


def test_it_has_whole_sentences_and_a_bounded_length() -> None:
    said = [f"The phrase{n} {'and so on ' * 8}is here." for n in range(9)] + ["cat " * 100]
    phrases = [Keyphrase(f"phrase{n}", 0.1 * n) for n in range(9)] + [CAT]
    found = summarise(said, {}, phrases)
    assert found == " ".join(said[7:9])
    assert len(found) <= LONGEST_SUMMARY


def test_where_nothing_speaks_for_any_the_first_is_taken() -> None:
    assert summarise(["A  first\none.", "A second one."], {}, [CAT]) == "A first one."
    assert summarise(["Title", "A first one."], {}, []) == "A first one."
    assert summarise(["Title"], {}, []) == "Title"
    assert summarise([], {}, [CAT]) == summarise(["x " * 300], {}, [CAT]) == ""
