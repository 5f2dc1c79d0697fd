"""The gate before a promotion: is the new version as good as the live one, by their counts?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from indexer.index.records import Survey
from posts.errors import JobError

_QUERIES = 20


@dataclass(frozen=True, kw_only=True)
class GateSettings:
    """What a new version must come up to. Shares are 0 to 1."""

    least_documents: float = 0.8
    """Documents, of those that the live version has."""
    more_without_keyphrases: float = 0.05
    """By how much the share of documents without keyphrases may be above the live version's."""
    least_queries: float = 0.8
    """Of the live version's most frequent keyphrases, asked as words: how many must find at least
    half as many posts."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that the gate has looked at."""

    name: str
    passed: bool
    found: str
    """What was found beside what was wanted, for people."""


class Surveyed(Protocol):
    """The part of `indexer.index.protocol.Index` that is needed here."""

    def survey_live(self, *, phrases: int) -> Survey: ...

    def survey_own(self, words: Sequence[str]) -> Survey: ...


def check_version(index: Surveyed, committed: int, settings: GateSettings) -> list[Check]:
    """Looks at the run's version beside the live one; `committed` posts should be in it."""
    live = index.survey_live(phrases=_QUERIES)
    new = index.survey_own(list(live.totals))
    kept = sum(new.totals[words] >= total / 2 for words, total in live.totals.items())
    queries = len(live.totals)
    least = settings.least_documents * live.documents
    most_bare = live.share_without_keyphrases + settings.more_without_keyphrases
    return [
        Check(
            "documents",
            # More are those whose post met a passing fault, and which stayed for that.
            new.documents >= committed,
            f"{new.documents:,} documents, and {committed:,} good posts in the dump",
        ),
        Check(
            "size",
            new.documents >= least,
            f"{new.documents:,} documents, where the live version has {live.documents:,} "
            f"(wanted: at least {least:,.0f})",
        ),
        Check(
            "keyphrases",
            new.share_without_keyphrases <= most_bare,
            f"{new.share_without_keyphrases:.1%} of the documents have no keyphrases "
            f"(wanted: at most {most_bare:.1%})",
        ),
        Check(
            "queries",
            kept >= settings.least_queries * queries,
            f"{kept} of {queries} frequent keyphrases find at least half as many posts "
            f"(wanted: {settings.least_queries:.0%})",
        ),
    ]


def pass_gate(checks: list[Check]) -> None:
    """Raises `JobError` that tells what was found wanting."""
    failed = [check for check in checks if not check.passed]
    if failed:
        reasons = "; ".join(f"{check.name}: {check.found}" for check in failed)
        raise JobError(
            f"the new version of the index was not promoted ({reasons}); searches see the old one. "
            "`keyphrases indexes list` shows both, `keyphrases indexes promote` promotes it anyway"
        )
