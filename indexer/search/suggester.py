"""Suggestions while a person types: keyphrases that begin so, or nearly so.

    weight of a keyphrase = sum of its scores over all posts = how frequent x how sure

A keyphrase is found by the beginning of any of its words. Those that begin exactly so come first;
where they are too few, those follow whose beginning has one letter more, less, other, or swapped
with its neighbour, but for the last letter typed, which would stand for any other. Both by falling
weight. Posts and their keyphrases change while this does not: whoever shows suggestions asks the
index how many posts have them now.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa
import pyarrow.compute as pc

from indexer.index.reader import ScoredPhrase
from indexer.search.beginnings import Beginnings, Range, starts
from indexer.search.folding import folded

LONGEST_TYPED = 200
"""Characters that are read of what is typed."""
_TYPO_FROM = 4
"""Characters from which one may be wrong."""
_LONGEST_PHRASE = 100
"""Characters; longer keyphrases are not suggested."""
_MOST_PHRASES = 1_000_000
"""Those of the greatest weight, which take about 500 MB."""


class Suggester:
    """All keyphrases of an index at one time, held in memory; safe for many threads."""

    def __init__(self, vocabulary: Iterable[ScoredPhrase]) -> None:
        self._phrases = _heaviest(vocabulary)
        self._beginnings = Beginnings(self._phrases)

    def suggest(self, typed: str, limit: int) -> list[str]:
        """Keyphrases, the best first; none for nothing typed."""
        beginning = folded(typed[:LONGEST_TYPED]).lstrip()
        if not beginning or limit < 1:
            return []
        exact = self._beginnings.heaviest([self._beginnings.range(beginning)], limit)
        found = [self._phrases[place] for place in exact]
        if len(found) < limit and len(beginning) >= _TYPO_FROM:
            found += self._nearly(beginning, limit - len(found))
        return found

    def _nearly(self, beginning: str, limit: int) -> list[str]:
        """Those whose beginning has one typo, which is not in the last letter."""
        ranges = set(self._mistyped(beginning))
        read = limit
        while True:
            places = self._beginnings.heaviest(ranges, read)
            phrases = [self._phrases[place] for place in places]
            found = [phrase for phrase in phrases if not _begins(phrase, beginning[:-1])]
            if len(found) >= limit or len(places) < read:
                return found[:limit]
            read *= 4

    def _mistyped(self, beginning: str) -> Iterator[Range]:
        """Ranges of those that begin nearly so, and not as all but the last letter."""
        for mistyped, within in self._changed(beginning):
            # What begins so comes among the exact ones, and may be very many.
            if not mistyped.startswith(beginning[:-1]):
                yield self._beginnings.range(mistyped, within)

    def _changed(self, beginning: str) -> Iterator[tuple[str, Range | None]]:
        """With one letter less, swapped, other or more; and in which range, if that is known."""
        for at in range(len(beginning) - 1):
            before, letter, behind = beginning[:at], beginning[at], beginning[at + 1 :]
            yield before + behind, None
            yield before + behind[0] + letter + behind[1:], None
            for other, within in self._beginnings.next_letters(before):
                if other != letter:
                    yield before + other + behind, within
                yield before + other + letter + behind, within


def _begins(phrase: str, beginning: str) -> bool:
    return any(start.startswith(beginning) for start in starts(phrase))


def _heaviest(vocabulary: Iterable[ScoredPhrase]) -> list[str]:
    """Phrases by falling weight."""
    weights: dict[str, int] = {}
    for each in vocabulary:
        if len(each.phrase) <= _LONGEST_PHRASE:
            # One more, so that one of score 0 is worth something.
            worth = each.posts * (round(each.score * 100) + 1)
            weights[each.phrase] = weights.get(each.phrase, 0) + worth
    # By Arrow, which lets other threads go on meanwhile: sorting a million holds up all requests.
    table = pa.table({"phrase": list(weights), "weight": list(weights.values())})
    falling = [("weight", "descending"), ("phrase", "descending")]
    order = pc.sort_indices(table, sort_keys=falling)[:_MOST_PHRASES]
    phrases: list[str] = table.column("phrase").take(order).to_pylist()
    return phrases
