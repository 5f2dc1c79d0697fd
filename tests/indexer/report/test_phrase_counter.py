"""Phrases are counted in bounded memory, and it is known how far a count may be off."""

from __future__ import annotations

import random
from collections import Counter

from indexer.report.phrase_counter import PhraseCounter
from indexer.report.record import PhraseCount


def test_while_all_phrases_fit_counts_are_exact() -> None:
    counter = PhraseCounter(kept=10)
    for words in (["cat", "dog"], ["cat"], ["cat", "cat"], []):
        counter.add(words)
    found = counter.most_frequent(5)
    assert found.listed == (
        PhraseCount(phrase="cat", posts=3, uncounted=0),
        PhraseCount(phrase="dog", posts=1, uncounted=0),
    )
    assert found.unlisted_at_most == 0


def test_what_does_not_fit_into_the_list_is_no_more_frequent_than_told() -> None:
    counter = PhraseCounter(kept=10)
    for phrase, times in (("a", 5), ("b", 3), ("c", 2)):
        for _ in range(times):
            counter.add([phrase])
    found = counter.most_frequent(1)
    assert [one.phrase for one in found.listed] == ["a"]
    assert found.unlisted_at_most == 3


def test_what_was_forgotten_is_not_taken_for_what_never_was() -> None:
    counter = PhraseCounter(kept=2)
    for phrase in ("a", "a", "a", "b", "b", "c", "c", "d", "e"):
        counter.add([phrase])
    found = counter.most_frequent(100)
    assert [one.phrase for one in found.listed] == ["a"]
    assert found.unlisted_at_most == 2


def test_memory_is_bounded_and_no_count_is_off_by_more_than_is_told() -> None:
    kept, posts = 50, 30_000
    draw = random.Random(0)
    # As in a dump: some phrases are frequent, and most are seen once or twice.
    words = [f"p{int(draw.paretovariate(0.7))}" for _ in range(posts)]
    # A phrase that begins late has been forgotten for all that the counter knows.
    words += ["late"] * 2_000
    counter = PhraseCounter(kept)
    for word in words:
        counter.add([word])
        assert len(counter._counts) <= 2 * kept
        assert len(counter._late) <= len(counter._counts)
    true = Counter(words)
    found = counter.most_frequent(20)
    for one in found.listed:
        assert one.posts <= true[one.phrase] <= one.posts + one.uncounted
        assert one.uncounted <= len(words) / kept
    listed = {one.phrase for one in found.listed}
    assert max(n for word, n in true.items() if word not in listed) <= found.unlisted_at_most
    assert {word for word, _ in true.most_common(5)} <= listed
    assert next(one for one in found.listed if one.phrase == "late").uncounted > 0
    # Those that were there from the start are exact.
    assert found.listed[0] == PhraseCount(phrase="p1", posts=true["p1"], uncounted=0)


def test_a_long_phrase_takes_no_more_room_than_others() -> None:
    counter = PhraseCounter()
    counter.add(["x" * 100_000])
    assert [len(one.phrase) for one in counter.most_frequent(1).listed] == [200]
