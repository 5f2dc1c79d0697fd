"""What keeps a new version of an index from going live."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from indexer.gate import Check, GateSettings, check_version, pass_gate
from indexer.index.records import Survey
from posts.errors import JobError

LIVE = Survey(documents=100, without_keyphrases=2, totals={"cat": 10, "dog": 5, "": 0})


@dataclass
class Versions:
    """A live version, and the run's."""

    own: Survey
    live: Survey = LIVE

    def survey_live(self, *, phrases: int) -> Survey:
        assert phrases > 0
        return self.live

    def survey_own(self, words: Sequence[str]) -> Survey:
        assert list(words) == list(self.live.totals)
        return self.own


def failed(
    documents: int = 100,
    without_keyphrases: int = 2,
    committed: int | None = None,
    live: Survey = LIVE,
    **totals: int,
) -> list[str]:
    """Names of the checks that the run's version fails."""
    own = Survey(
        documents=documents,
        without_keyphrases=without_keyphrases,
        totals={**live.totals, **totals},
    )
    expected = documents if committed is None else committed
    checks = check_version(Versions(own, live), expected, GateSettings())
    assert [check.name for check in checks] == ["documents", "size", "keyphrases", "queries"]
    return [check.name for check in checks if not check.passed]


def test_a_version_like_the_live_one_passes() -> None:
    assert failed() == []
    pass_gate(check_version(Versions(LIVE), 100, GateSettings()))


def test_every_good_post_of_the_dump_must_be_in_it() -> None:
    assert failed(committed=101) == ["documents"]
    assert failed(committed=99) == []


def test_it_must_not_be_much_smaller_than_the_live_one() -> None:
    assert failed(documents=80, without_keyphrases=0) == []
    assert failed(documents=79, without_keyphrases=0) == ["size"]


def test_few_more_documents_may_be_without_keyphrases() -> None:
    assert failed(without_keyphrases=7) == []
    assert failed(without_keyphrases=8) == ["keyphrases"]


def test_what_was_often_found_must_still_be_found() -> None:
    assert failed(cat=5, dog=3) == []
    assert failed(dog=2) == ["queries"]


def test_beside_an_empty_version_only_its_own_documents_count() -> None:
    nothing = Survey(documents=0, without_keyphrases=0, totals={})
    assert failed(documents=3, without_keyphrases=0, live=nothing) == []


def test_all_that_is_wanting_is_told() -> None:
    checks = [Check("size", False, "3 documents"), Check("queries", False, "1 of 20"),
              Check("documents", True, "fine")]  # fmt: skip
    with pytest.raises(JobError, match=r"size: 3 documents; queries: 1 of 20\).*indexes promote"):
        pass_gate(checks)
