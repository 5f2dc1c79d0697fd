"""Scores and dead letters, counted as they are committed."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson

from indexer.index.records import DeadLetter
from indexer.report.letter_counter import LetterCounter
from indexer.report.score_counter import BINS, ScoreCounter
from posts.errors import Reason


def letter(key: str, reason: Reason, detail: str = "why", transient: bool = False) -> DeadLetter:
    return DeadLetter(
        key=key, id=key, source=f"{key}.jsonl:1", reason=reason, detail=detail,
        transient=transient, generation="", run="r", at=datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip


def test_scores_fall_into_equal_bins_and_posts_without_keyphrases_are_counted() -> None:
    counter = ScoreCounter()
    for scores in ([0.0, 0.049, 0.05], [1.0, 0.95], [], []):
        counter.add(scores)
    found = counter.counted()
    assert found.bins == (2, 1, *[0] * (BINS - 3), 2)
    assert found.without_keyphrases == 2


def test_a_score_that_should_not_be_ends_no_run() -> None:
    counter = ScoreCounter()
    counter.add([float("nan"), -1.0, 7.0, float("inf")])
    assert counter.counted().bins == (2, *[0] * (BINS - 2), 2)


def test_dead_letters_are_counted_by_reason_with_a_few_of_each() -> None:
    counter = LetterCounter()
    counter.add(letter("first", Reason.MODEL_FAILED, transient=True))
    for number in range(9):
        counter.add(letter(f"p{number}", Reason.BROKEN_PICTURE))
    broken, failed = counter.counted()
    assert (broken.reason, broken.posts, broken.transient) == ("broken picture", 9, 0)
    assert [one.key for one in broken.examples] == ["p0", "p1", "p2", "p3", "p4"]
    assert (failed.posts, failed.transient) == (1, 1)
    assert (failed.examples[0].source, failed.examples[0].detail) == ("first.jsonl:1", "why")


def test_examples_are_short_and_such_that_json_can_hold_them() -> None:
    counter = LetterCounter()
    counter.add(letter("half \ud83d a character", Reason.BROKEN_RECORD, detail="x" * 10_000))
    (found,) = counter.counted()
    assert len(found.examples[0].detail) < 310
    assert orjson.loads(orjson.dumps(found))["examples"][0]["key"] == "half ? a character"
