"""Spelling tolerance: how far a word may be from one that is meant; the same for both engines."""

from __future__ import annotations

from collections.abc import Collection, Container
from functools import lru_cache

_ONE_EDIT_FROM, _TWO_EDITS_FROM = 4, 8
"""Characters of a word, as the index holds it."""


def allowed_edits(term: str) -> int:
    """Insertions, deletions, replacements and swaps of neighbours."""
    if len(term) < _ONE_EDIT_FROM:
        return 0
    return 1 if len(term) < _TWO_EDITS_FROM else 2


class MeantTerms(Container[str]):
    """Terms that a query may mean, for marking them: its own, and all near a misspelt one."""

    def __init__(self, exact: Collection[str], misspelt: Collection[str]) -> None:
        self._exact = frozenset(exact)
        self._misspelt = {term: allowed_edits(term) for term in misspelt}

    def __contains__(self, term: object) -> bool:
        if term in self._exact:
            return True
        return isinstance(term, str) and any(
            _within(term, wanted, edits) for wanted, edits in self._misspelt.items()
        )


def meant_terms(exact: Collection[str], misspelt: Collection[str]) -> Container[str]:
    """As `MeantTerms`; a plain set, which is faster, where nothing is misspelt."""
    return MeantTerms(exact, misspelt) if misspelt else frozenset(exact)


@lru_cache(10_000)
def _within(one: str, other: str, edits: int) -> bool:
    """Is the distance of optimal string alignment, as Lucene has it, at most so large?"""
    if abs(len(one) - len(other)) > edits:
        return False
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, start=1):
        earlier, before, row = before, row, [i]
        for j, right in enumerate(other, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (left != right))
            if i > 1 and j > 1 and left == other[j - 2] and one[i - 2] == right:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
        if min(row) > edits:
            return False
    return row[-1] <= edits
