"""Merging: the keyphrases of a document out of those of its parts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from posts.phrases import Keyphrase, stem_key


def merge_keyphrases(parts: Iterable[Sequence[Keyphrase]], most: int) -> list[Keyphrase]:
    """The best `most`, best first, of what was answered to each part.

    A phrase's score is `1 - prod(1 - s)` over the parts that have it with a score s (noisy or):
    that of a single part as it is, more where parts agree, never above 1. Phrases with one stem are
    one, shown as where it scores best. Ties go to the earlier part, then to the better phrase of
    it.
    """
    best: dict[str, Keyphrase] = {}
    doubt: dict[str, float] = {}
    for part in parts:
        scores: dict[str, Keyphrase] = {}
        for one in part:
            scores.setdefault(stem_key(one.phrase), one)
        for key, one in scores.items():
            if key not in best or one.score > best[key].score:
                best[key] = one
            doubt[key] = doubt.get(key, 1.0) * (1 - one.score)
    merged = [Keyphrase(one.phrase, 1 - doubt[key]) for key, one in best.items()]
    merged.sort(key=lambda one: -round(one.score, 9))
    return merged[:most]
