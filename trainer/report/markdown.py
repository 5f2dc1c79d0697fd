"""A report as Markdown: tables for people, each of one definition."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from trainer.report.bootstrap import CONFIDENCE, RESAMPLES, Interval
from trainer.report.near_duplicates import ALIKE
from trainer.report.summary import Report
from trainer.training_set import tally

_CMKP = ("f1@1", "f1@3", "f1@5", "map@5")
_AIMKP = ("f1@1", "f1@3", "map@5")


def to_markdown(report: Report, files: Mapping[str, str]) -> str:
    """The report; `files` are the names of what lies beside it, and what they show."""
    lines = [
        f"# {_plain(report.asked)} on {report.posts:,} posts",
        f"Data: {_plain(report.data)}{_left_out(report)}. Scores lie between 0 and 1; behind each "
        "stands its "
        f"{CONFIDENCE:.0%} bootstrap interval over posts ({RESAMPLES:,} resamples, percentiles).",
        "## Scores, cmkp definition",
        _scores(report, ("cmkp", "all"), _CMKP),
        "### Keyphrases that are present in the post's text",
        *_part(report, "present"),
        "### Keyphrases that are absent from it",
        *_part(report, "absent"),
        "## Scores, aimkp definition",
        "They do not compare with those above.",
        _scores(report, ("aimkp",), _AIMKP),
    ]
    if report.harm is not None:
        lines += [
            "## Harm of a wrong picture",
            f"F1@3 (cmkp) with another post's picture, less F1@3 of the text alone: "
            f"{report.harm.f1_at_3:+.3f} ({with_signs(report.harm.interval)}). A robust model "
            "keeps it near zero.",
        ]
    lines += [
        "## Predicted keyphrases and their scores",
        _predictions(report),
        f"*near-duplicates*: share of the phrases whose stemmed words are a subset or superset of "
        f"those of an earlier phrase of the post, or whose similarity in characters with it is "
        f"at least {ALIKE}. *ECE*: expected calibration error, over ten bins; *Brier*: mean "
        "squared distance of a score from 1 if gold and 0 if not. Of both, 0 is best.",
        "## Beside this file",
        "\n".join(f"* [{name}]({name}): {what}" for name, what in files.items()),
    ]
    return "\n\n".join(lines) + "\n"


def without_signs(interval: Interval) -> str:
    """The interval of a score: `0.412-0.467`."""
    return "{:.3f}-{:.3f}".format(*interval)


def with_signs(interval: Interval) -> str:
    """The interval of a difference: `-0.041 to +0.012`."""
    return "{:+.3f} to {:+.3f}".format(*interval)


def _left_out(report: Report) -> str:
    """What of the data is not in the scores, for nobody would miss it."""
    return f" (left out: {tally(report.left_out)})" if report.left_out else ""


def _part(report: Report, part: str) -> list[str]:
    count = report.posts_with[part]
    table = [_scores(report, ("cmkp", part), _CMKP)] if count else []
    return [f"Posts with any: {count:,}.", *table]


def _scores(report: Report, part: Sequence[str], names: Sequence[str]) -> str:
    rows = []
    for summary in report.summaries:
        scores, intervals = summary.scores, summary.intervals
        for key in part:
            scores, intervals = scores[key], intervals[key]
        cells = (f"{scores[name]:.3f} ({without_signs(intervals[name])})" for name in names)
        rows.append([summary.scenario, *cells])
    return _table(["scenario", *names], rows)


def _predictions(report: Report) -> str:
    rows = [
        [
            one.scenario,
            f"{one.calibration.predictions / max(1, one.posts):.1f}",
            f"{one.near_duplicates:.1%}",
            f"{one.calibration.expected_error:.3f}",
            f"{one.calibration.brier:.3f}",
        ]
        for one in report.summaries
    ]
    return _table(["scenario", "phrases per post", "near-duplicates", "ECE", "Brier"], rows)


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    rule = ["---", *("---:" for _ in columns[1:])]
    return "\n".join(f"| {' | '.join(row)} |" for row in (columns, rule, *rows))


def _plain(words: str) -> str:
    """As code, on one line, whatever the name of a folder holds."""
    line = " ".join(words.split())
    longest = max(map(len, re.findall("`+", line)), default=0)
    fence, space = "`" * (longest + 1), " " if longest else ""
    return f"{fence}{space}{line}{space}{fence}"
