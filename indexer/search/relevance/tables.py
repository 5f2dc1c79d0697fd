"""A report as tables of text, for the terminal and for Markdown alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from indexer.search.relevance.measures import MEASURES, NDCG
from indexer.search.relevance.report import RelevanceReport
from indexer.search.relevance.resampling import Score, Scores

NAMES = {"ndcg@10": "nDCG@10", "recall@100": "recall@100", "mrr": "MRR"}
"""Of the measures, as people write them."""


@dataclass(frozen=True, slots=True)
class Table:
    """The first column is words, the others are figures."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    lesser: frozenset[int]
    """Places of the columns for which a terminal of 80 characters has no room."""

    def narrow(self) -> Table:
        """Without those."""

        def cut(row: Sequence[str]) -> list[str]:
            return [cell for place, cell in enumerate(row) if place not in self.lesser]

        return Table(self.title, cut(self.columns), list(map(cut, self.rows)), frozenset())


def ways_table(report: RelevanceReport) -> Table:
    """The ways to search the index as it is."""
    whole = report.comparison.as_it_is
    return Table(
        "the index as it is",
        ["searched", *(column for name in MEASURES for column in (NAMES[name], "95%"))],
        [
            ["text only", *_cells(report.comparison.text_only)],
            ["keyphrases only", *_cells(whole.keyphrases_only)],
            ["both", *_cells(whole.both)],
            ["both - text only", *_cells(whole.difference, signed=True)],
        ],
        lesser=frozenset({4, 6}),
    )


def thresholds_table(report: RelevanceReport) -> Table:
    """What keyphrases are worth without the weak ones."""
    return Table(
        "nDCG@10 if no keyphrase scores below a threshold",
        [
            *("threshold", "per post", "keyphrases only", "both", "95%"),
            *("behind", "95%"),
        ],
        [
            [
                f"{one.threshold:g}",
                f"{one.keyphrases_per_post:.2f}",
                f"{one.keyphrases_only[NDCG].value:.3f}",
                *_pair(one.both[NDCG]),
                *_pair(one.behind_best[NDCG], signed=True),
            ]
            for one in report.comparison.thresholds
        ],
        lesser=frozenset({4}),
    )


def recommendation(report: RelevanceReport) -> str:
    """The recommended threshold and why, in a sentence."""
    recommended = report.comparison.recommended
    if recommended is report.comparison.as_it_is:
        return "recommended threshold: 0, for none above it is better by more than chance"
    return (
        f"recommended threshold: {recommended.threshold:g}, the lowest that is not behind the best "
        "by more than chance"
    )


def about(report: RelevanceReport) -> str:
    """What was asked, for headings."""
    return f"{report.queries:,} queries, {report.posts:,} posts"


def _cells(scores: Scores, *, signed: bool = False) -> list[str]:
    return [cell for name in MEASURES for cell in _pair(scores[name], signed=signed)]


def _pair(score: Score, *, signed: bool = False) -> tuple[str, str]:
    low, high = score.interval
    if signed:
        return f"{score.value:+.3f}", f"{low:+.3f}..{high:+.3f}"
    return f"{score.value:.3f}", f"{low:.3f}..{high:.3f}"
