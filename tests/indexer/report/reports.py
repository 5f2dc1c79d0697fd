"""A report to try things on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from indexer.report.record import (
    Counts,
    LetterExample,
    Outcome,
    PhraseCount,
    Phrases,
    ReasonCount,
    RunReport,
    Sample,
    Scores,
    StageUse,
)

STARTED = datetime(2026, 11, 21, 2, 0, 3, tzinfo=UTC)


def phrases(*pairs: tuple[str, int], unlisted_at_most: int = 0) -> Phrases:
    """Of phrases and their counts."""
    listed = tuple(PhraseCount(phrase=phrase, posts=posts, uncounted=0) for phrase, posts in pairs)
    return Phrases(listed=listed, unlisted_at_most=unlisted_at_most)


def counts(**others: Any) -> Counts:
    values = {
        "read": 100,
        "indexed": 60,
        "generated": 50,
        "updated": 10,
        "unchanged": 35,
        "dead": 5,
    }
    return Counts(**(values | {"removed": None} | others))


def a_report(run: str = "20261121T020003Z-4dd545", **others: Any) -> RunReport:
    """Of a run over a small dump that is done, unless other fields are given."""
    moments = (2.0, 10.0, 20.0)
    values: dict[str, Any] = {
        "run": run,
        "index": "https://search.example.com:9200/posts",
        "dump": "s3://dumps/2026-11-21",
        "model": "tagger@7",
        "model_digest": "ab12" * 16,
        "generation": {"beams": 3},
        "settings": {"actors": 2, "model_rows": 64, "max_error_rate": None, "write": {"posts": 9}},
        "started": STARTED,
        "ended": STARTED + timedelta(seconds=20),
        "seconds": 20.0,
        "outcome": Outcome.DONE,
        "error": None,
        "gate": (),
        "posts_with_id": 100,
        "counts": counts(),
        "pipeline_seconds": 18.0,
        "samples": tuple(
            Sample(seconds=at, read=50 * n, finished=40 * n, committed=30 * n, generated=20 * n)
            for n, at in enumerate(moments)
        ),
        "stages": (
            StageUse(stage="read", posts=100, seconds=9.0, processes=0.5, share=0.25),
            StageUse(stage="generate", posts=100, seconds=27.0, processes=1.5, share=0.75),
        ),
        "scores": Scores(bins=(4, *[0] * 18, 96), without_keyphrases=3),
        "phrases": phrases(("red boat", 20), ("jazz", 10)),
        "dead_letters": "s3://dead/letters.parquet",
        "reasons": (
            ReasonCount(
                reason="broken picture",
                posts=5,
                transient=1,
                examples=(LetterExample(key="post-9", source="a.jsonl:9", detail="cut off"),),
            ),
        ),
        "comparison": None,
    }
    return RunReport(**(values | others))
