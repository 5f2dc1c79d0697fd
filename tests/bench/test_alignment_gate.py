"""The gate's benchmark, of answers whose worth is known."""

from __future__ import annotations

import numpy as np
import pytest

from bench.aligning.gate import Gated, judge
from trainer.metrics import Case

POSTS = 40


def cases(right: bool) -> list[Case]:
    said = ["cat"] if right else ["dog"]
    return [Case(id=str(n), text="a cat", gold=["cat"], predicted=said) for n in range(POSTS)]


def test_a_gate_that_knows_wrong_pictures_takes_their_harm_away() -> None:
    told = judge(
        {
            "clean": Gated(shown=cases(True), alone=cases(False), alignments=np.full(POSTS, 0.8)),
            "shuffled": Gated(
                shown=cases(False), alone=cases(True), alignments=np.full(POSTS, 0.3)
            ),
        },
        cases(True),
    )
    assert told["threshold"] == 0.35, "the lowest of those that part the two"
    assert (told["clean"]["gain"], told["clean"]["dropped"]) == (0, 0)
    assert (told["shuffled"]["without"], told["shuffled"]["dropped"]) == (0, 1)
    assert told["shuffled"]["gain_interval"] == [told["shuffled"]["with"]] * 2
    assert told["harm"]["without"] == -told["text_only"]
    assert told["harm"]["with"] == 0
    by_threshold = {one["threshold"]: (one["clean"], one["shuffled"]) for one in told["curve"]}
    assert by_threshold[0.85] == (0, told["text_only"])


def test_each_half_is_gated_with_the_threshold_of_the_other() -> None:
    even = np.arange(POSTS) % 2 == 0
    shuffled = Gated(shown=cases(False), alone=cases(True), alignments=np.where(even, 0.8, 0.3))
    told = judge(
        {
            "clean": Gated(shown=cases(True), alone=cases(True), alignments=np.full(POSTS, 0.9)),
            "shuffled": shuffled,
        },
        cases(True),
    )
    # Even posts need 0.85, odd ones 0.35; with the other half's, only the odd ones are mended.
    assert told["threshold"] == 0.85
    assert told["shuffled"]["gain"] == pytest.approx(shuffled.f1(0.35), abs=1e-9)
    assert 0 < told["shuffled"]["gain"] < told["text_only"]
