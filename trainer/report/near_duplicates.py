"""Near-duplicates: phrases of one post that say what an earlier one has said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from posts.phrases import display_form, stem_key

ALIKE = 0.8
"""From this similarity on two phrases are written alike."""


def near_duplicate_share(lists: Iterable[Sequence[str]]) -> float:
    """Share of all predicted phrases that are near-duplicates within their post; 0 of none."""
    flags = [flag for phrases in lists for flag in near_duplicates(phrases)]
    return sum(flags) / len(flags) if flags else 0.0


def near_duplicates(phrases: Sequence[str]) -> list[bool]:
    """For each phrase, best first, whether it repeats one that stands before it.

    It does if its stemmed words are a subset or a superset of the earlier one's ("cat", "black
    cats"), or if the two are written alike: twice the matching characters over all characters of
    both is at least 0.8 (difflib's ratio; "color" and "colour").
    """
    known = [(set(stem_key(phrase).split()), display_form(phrase)) for phrase in phrases]
    return [
        any(_repeats(later, earlier) for earlier in known[:rank])
        for rank, later in enumerate(known)
    ]


def _repeats(later: tuple[set[str], str], earlier: tuple[set[str], str]) -> bool:
    (words, phrase), (earlier_words, earlier_phrase) = later, earlier
    if words <= earlier_words or words >= earlier_words:
        return True
    matcher = SequenceMatcher(None, phrase, earlier_phrase, autojunk=False)
    # The first two are bounds that cost little.
    return (
        matcher.real_quick_ratio() >= ALIKE
        and matcher.quick_ratio() >= ALIKE
        and matcher.ratio() >= ALIKE
    )
