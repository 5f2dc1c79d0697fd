"""What an evaluation of search found, and as JSON for programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from indexer.search.relevance.comparison import AtThreshold, Comparison
from indexer.search.relevance.measures import NDCG
from indexer.search.relevance.resampling import Scores


@dataclass(frozen=True, kw_only=True)
class RelevanceReport:
    """How well the posts of a dump are found in an index."""

    dump: str
    index: str
    model: str
    """`NAME@VERSION`, whose keyphrases the index holds."""
    posts: int
    """Judged ones: whole and with gold keyphrases."""
    missing: int
    """How many of them the index does not have; they are never found."""
    left_out: Mapping[str, int]
    """How many posts of the dump are not judged, by reason."""
    phrases: int
    """Gold keyphrases that could be asked for."""
    queries: int
    """How many of them were."""
    seed: int
    comparison: Comparison

    def to_json(self) -> dict[str, Any]:
        """Measures are numbers, each with its interval beside it."""
        whole = self.comparison.as_it_is
        return {
            "dump": self.dump,
            "index": self.index,
            "model": self.model,
            "posts": self.posts,
            "posts_not_in_index": self.missing,
            "posts_left_out": dict(self.left_out),
            "gold_keyphrases": self.phrases,
            "queries": self.queries,
            "seed": self.seed,
            "text_only": flat(self.comparison.text_only),
            "keyphrases_only": flat(whole.keyphrases_only),
            "both": flat(whole.both),
            "difference": flat(whole.difference),
            "thresholds": [_threshold(one) for one in self.comparison.thresholds],
            "recommended_threshold": self.comparison.recommended.threshold,
        }


def report_to_json(report: RelevanceReport) -> bytes:
    """All figures of a report."""
    return orjson.dumps(report.to_json(), option=orjson.OPT_INDENT_2) + b"\n"


def flat(scores: Scores) -> dict[str, Any]:
    """Each measure by its name, and its interval as `..._interval`."""
    found: dict[str, Any] = {}
    for name, score in scores.items():
        found |= {name: score.value, f"{name}_interval": list(score.interval)}
    return found


def _threshold(one: AtThreshold) -> dict[str, Any]:
    return {
        "threshold": one.threshold,
        "keyphrases_per_post": one.keyphrases_per_post,
        "keyphrases_only": flat(one.keyphrases_only),
        "both": flat(one.both),
        "difference": flat(one.difference),
        "behind_best": flat({NDCG: one.behind_best[NDCG]}),
    }
