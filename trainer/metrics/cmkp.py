"""The cmkp definition of the scores.

Wang et al., "Cross-Media Keyphrase Prediction" (EMNLP 2020). F1@k is the harmonic mean of the
*mean* precision and the *mean* recall; P@k divides by min(k, number of predictions).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from trainer.metrics.case import Case, Stems, stems
from trainer.metrics.figures import Figures, Values, harmonic_mean

_INVALID_TOKENS = {"<unk>", ",", "."}
_RANKS = (1, 3, 5)


@dataclass(frozen=True, slots=True)
class _Judged:
    """A post's gold phrases, and for each valid prediction whether it is one of them."""

    row: int
    gold: int
    hits: Sequence[bool]


def score(cases: Iterable[Case]) -> dict[str, dict[str, float]]:
    """Scores from 0 to 1 over all, present and absent keyphrases; 0 where there is no such post."""
    return {part: combine(of.means()) for part, of in figures(cases).items()}


def figures(cases: Iterable[Case]) -> dict[str, Figures]:
    """P@k, R@k and AP@5 of each post, by part."""
    parts: dict[str, list[_Judged]] = {part: [] for part in _PARTS}
    for row, case in enumerate(cases):
        text = stems(case.text)
        gold = _unique(stems(phrase) for phrase in case.gold)
        predicted = [p for p in _unique(stems(phrase) for phrase in case.predicted) if _valid(p)]
        for part, belongs in _PARTS.items():
            part_gold = [phrase for phrase in gold if belongs(phrase, text)]
            if part_gold:
                hits = [phrase in part_gold for phrase in predicted if belongs(phrase, text)]
                parts[part].append(_Judged(row, len(part_gold), hits))
    return {part: _figures(judged) for part, judged in parts.items()}


def combine(means: Mapping[str, Values]) -> dict[str, Values]:
    """The scores that mean figures make."""
    f1 = {k: harmonic_mean(means[f"p@{k}"], means[f"r@{k}"]) for k in _RANKS}
    return {
        "f1@1": f1[1],
        "p@1": means["p@1"],
        "r@1": means["r@1"],
        "f1@3": f1[3],
        "f1@5": f1[5],
        "map@5": means["map@5"],
    }


def is_present(phrase: Stems, text: Stems) -> bool:
    """Whether the stemmed phrase occurs as a run of tokens in the stemmed text."""
    size = len(phrase)
    return any(text[i : i + size] == phrase for i in range(len(text) - size + 1))


_PARTS = {
    "all": lambda _phrase, _text: True,
    "present": is_present,
    "absent": lambda phrase, text: not is_present(phrase, text),
}


def _figures(judged: Sequence[_Judged]) -> Figures:
    columns = {"map@5": [_average_precision(post, 5) for post in judged]}
    for k in _RANKS:
        columns[f"p@{k}"] = [sum(post.hits[:k]) / max(1, min(k, len(post.hits))) for post in judged]
        columns[f"r@{k}"] = [sum(post.hits[:k]) / post.gold for post in judged]
    return Figures(rows=[post.row for post in judged], columns=columns)


def _average_precision(post: _Judged, k: int) -> float:
    gains = (sum(post.hits[:rank]) / rank for rank, hit in enumerate(post.hits[:k], start=1) if hit)
    return sum(gains) / post.gold


def _unique(phrases: Iterable[Stems]) -> list[Stems]:
    return list(dict.fromkeys(phrases))


def _valid(phrase: Stems) -> bool:
    return bool(phrase) and not _INVALID_TOKENS.intersection(phrase)
