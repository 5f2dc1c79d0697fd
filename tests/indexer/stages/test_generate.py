"""Posts that the model fails at, or dies of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from indexer.index.protocol import Index
from indexer.stages.columns import Action
from indexer.writing.outcomes import Outcomes
from posts.errors import JobError, Reason
from posts.phrases import Keyphrase
from tests.indexer.stages.night import Night, lines
from tests.indexer.stand_in import LastWord


def test_a_failure_of_the_model_is_tried_again_by_the_next_run(
    tmp_path: Path, index: Index
) -> None:
    folder = lines(tmp_path / "dump", [{"id": "a", "text": "poison"}, {"id": "b", "text": "cat"}])
    outcomes = Night(folder, index).go()
    assert [document.id for document in outcomes.documents] == ["b"]
    assert [letter.transient for letter in outcomes.letters] == [True]
    assert Night(folder, index).actions() == {"a": Action.GENERATE, "b": Action.UNCHANGED}


class Counted(LastWord):
    """Counts how many posts it was asked about, time after time."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def __call__(self, texts: Sequence[str], pictures: Sequence[Any]) -> list[list[Keyphrase]]:
        self.asked.append(len(texts))
        return super().__call__(texts, pictures)


def test_a_poisonous_post_is_found_by_halves(tmp_path: Path, index: Index) -> None:
    posts = [{"id": f"p{n:02}", "text": "poison" if n == 11 else "a cat"} for n in range(16)]
    model = Counted()
    outcomes = Night(lines(tmp_path / "dump", posts), index).go(lambda: model)
    assert len(outcomes.documents) == 15
    (letter,) = outcomes.letters
    assert (letter.id, letter.reason) == ("p11", Reason.MODEL_FAILED)
    assert model.asked == [16, 8, 8, 4, 2, 2, 1, 1, 4]


def test_of_equal_posts_that_the_model_fails_at_each_is_a_dead_letter(
    tmp_path: Path, index: Index
) -> None:
    posts = [{"id": f"p{n}", "text": "poison" if n in (1, 6) else "a cat"} for n in range(8)]
    outcomes = Night(lines(tmp_path / "dump", posts), index).go()
    assert {letter.id for letter in outcomes.letters} == {"p1", "p6"}
    assert len(outcomes.documents) == 6


class Death(BaseException):
    """In place of the end of a process: nothing catches it."""


class Mortal(LastWord):
    """Dies of some posts, as often as it is asked for them."""

    def __call__(self, texts: Sequence[str], pictures: Sequence[Any]) -> list[list[Keyphrase]]:
        if any("lethal" in text for text in texts):
            raise Death
        return super().__call__(texts, pictures)


def until_it_lives(night: Night, load: Callable[[], Any]) -> tuple[Outcomes, int]:
    """Starts a process after the other, as Ray does; how many have died."""
    deaths = 0
    while True:
        try:
            return night.go(load), deaths
        except Death:
            deaths += 1
            assert deaths < 100


def test_a_post_that_kills_the_process_of_the_model_costs_no_other_its_keyphrases(
    tmp_path: Path, index: Index
) -> None:
    posts = [{"id": f"p{n:02}", "text": "lethal" if n == 11 else "a cat"} for n in range(16)]
    folder = lines(tmp_path / "dump", posts)
    outcomes, deaths = until_it_lives(Night(folder, index), Mortal)
    assert len(outcomes.documents) == 15
    (letter,) = outcomes.letters
    assert (letter.id, letter.reason, letter.transient) == ("p11", Reason.MODEL_CRASHED, False)
    # With all 16, in four halves of halves, and once more: one death alone may be bad luck.
    assert deaths == 6
    assert Night(folder, index).actions()["p11"] == Action.DEAD


def test_one_death_that_no_post_is_to_blame_for_costs_nothing(tmp_path: Path, index: Index) -> None:
    night = Night(lines(tmp_path / "dump", [{"id": "a", "text": "a cat"}]), index)
    models = iter([Mortal(), LastWord()])

    class DiesOnce(LastWord):
        def __call__(self, texts: Sequence[str], pictures: Sequence[Any]) -> list[list[Keyphrase]]:
            return next(models)(["lethal"], [None])

    outcomes, deaths = until_it_lives(night, DiesOnce)
    assert (len(outcomes.documents), outcomes.letters, deaths) == (1, [], 1)


def test_a_model_that_cannot_be_loaded_without_dying_ends_the_run(
    tmp_path: Path, index: Index
) -> None:
    night = Night(lines(tmp_path / "dump", [{"id": "a", "text": "a cat"}]), index)

    def die() -> LastWord:
        raise Death

    with pytest.raises(JobError, match="died 3 times while it loaded the model"):
        until_it_lives(night, die)


def test_a_run_that_is_to_end_asks_for_no_further_post(tmp_path: Path, index: Index) -> None:
    posts = [{"id": f"p{n:02}", "text": "a cat"} for n in range(40)]
    night = Night(lines(tmp_path / "dump", posts), index)

    class StopsBehindIt(LastWord):
        def __call__(self, texts: Sequence[str], pictures: Sequence[Any]) -> list[list[Keyphrase]]:
            night.attempts.stop()
            return super().__call__(texts, pictures)

    finished = night.finished(StopsBehindIt)
    assert [len(table) for table in finished] == [16, 0, 0, 0]
    assert night.attempts.open() == 0
