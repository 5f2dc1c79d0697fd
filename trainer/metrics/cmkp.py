"""The cmkp definition of the scores.

Wang et al., "Cross-Media Keyphrase Prediction" (EMNLP 2020). F1@k is the harmonic mean of the
*mean* precision and the *mean* recall; P@k divides by min(k, number of predictions).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from trainer.metrics.case import Case, Stems, stems

_INVALID_TOKENS = {"<unk>", ",", "."}


@dataclass(frozen=True, slots=True)
class _Judged:
    """A post's gold phrases, and for each valid prediction whether it is one of them."""

    gold: int
    hits: Sequence[bool]


def score(cases: Iterable[Case]) -> dict[str, dict[str, float]]:
    """Scores from 0 to 1 over all, present and absent keyphrases; 0 where there is no such post."""
    parts: dict[str, list[_Judged]] = {"all": [], "present": [], "absent": []}
    for case in cases:
        text = stems(case.text)
        gold = _unique(stems(phrase) for phrase in case.gold)
        predicted = [p for p in _unique(stems(phrase) for phrase in case.predicted) if _valid(p)]
        for part, belongs in _PARTS.items():
            part_gold = [phrase for phrase in gold if belongs(phrase, text)]
            if part_gold:
                hits = [phrase in part_gold for phrase in predicted if belongs(phrase, text)]
                parts[part].append(_Judged(len(part_gold), hits))
    return {part: _scores(judged) for part, judged in parts.items()}


def is_present(phrase: Stems, text: Stems) -> bool:
    """Whether the stemmed phrase occurs as a run of tokens in the stemmed text."""
    size = len(phrase)
    return any(text[i : i + size] == phrase for i in range(len(text) - size + 1))


_PARTS = {
    "all": lambda _phrase, _text: True,
    "present": is_present,
    "absent": lambda phrase, text: not is_present(phrase, text),
}


def _scores(judged: Sequence[_Judged]) -> dict[str, float]:
    return {
        "f1@1": _f1(judged, 1),
        "p@1": _mean_precision(judged, 1),
        "r@1": _mean_recall(judged, 1),
        "f1@3": _f1(judged, 3),
        "f1@5": _f1(judged, 5),
        "map@5": _mean(_average_precision(post, 5) for post in judged),
    }


def _f1(judged: Sequence[_Judged], k: int) -> float:
    precision, recall = _mean_precision(judged, k), _mean_recall(judged, k)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _mean_precision(judged: Sequence[_Judged], k: int) -> float:
    return _mean(sum(post.hits[:k]) / max(1, min(k, len(post.hits))) for post in judged)


def _mean_recall(judged: Sequence[_Judged], k: int) -> float:
    return _mean(sum(post.hits[:k]) / post.gold for post in judged)


def _average_precision(post: _Judged, k: int) -> float:
    gains = (sum(post.hits[:rank]) / rank for rank, hit in enumerate(post.hits[:k], start=1) if hit)
    return sum(gains) / post.gold


def _mean(values: Iterable[float]) -> float:
    values = list(values)
    return fmean(values) if values else 0.0


def _unique(phrases: Iterable[Stems]) -> list[Stems]:
    return list(dict.fromkeys(phrases))


def _valid(phrase: Stems) -> bool:
    return bool(phrase) and not _INVALID_TOKENS.intersection(phrase)
