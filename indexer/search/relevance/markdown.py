"""A report as Markdown, for people."""

from __future__ import annotations

import re
from collections.abc import Mapping

from indexer.search.relevance.judgements import tally
from indexer.search.relevance.report import RelevanceReport
from indexer.search.relevance.resampling import CONFIDENCE, RESAMPLES
from indexer.search.relevance.tables import (
    Table,
    about,
    recommendation,
    thresholds_table,
    ways_table,
)


def to_markdown(report: RelevanceReport, plot: str, files: Mapping[str, str]) -> str:
    """The report; `plot` and `files` are names of what lies beside it, the latter with what they
    hold."""
    ways, thresholds = ways_table(report), thresholds_table(report)
    sentence = recommendation(report)
    blocks = [
        f"# Search: {about(report)}",
        f"Dump {_code(report.dump)}{_left_out(report)}, index {_code(report.index)}, keyphrases "
        f"of {_code(report.model)}.{_missing(report)}",
        f"Each query is a gold keyphrase ({_drawn(report)}), asked as words; relevant are the "
        "posts that have it as gold. A measure is a mean over queries and lies between 0 and 1; "
        f"behind it stands its {CONFIDENCE:.0%} bootstrap interval over queries ({RESAMPLES:,} "
        "resamples, percentiles), of differences that of the same queries.",
        f"## {_capital(ways.title)}",
        _table(ways),
        f"## {_capital(thresholds.title)}",
        _table(thresholds),
        "*per post*: keyphrases that a post has left; *behind*: by how much *both* at its best "
        "threshold is better than here.",
        f"{_capital(sentence)}.",
        f"![Measures by threshold]({plot})",
        "## Beside this file",
        "\n".join(f"* [{name}]({name}): {what}" for name, what in files.items()),
    ]
    return "\n\n".join(blocks) + "\n"


def _left_out(report: RelevanceReport) -> str:
    return f" (left out: {tally(report.left_out)})" if report.left_out else ""


def _missing(report: RelevanceReport) -> str:
    if not report.missing:
        return ""
    return f" The index does not have {report.missing:,} of the posts, so they are never found."


def _drawn(report: RelevanceReport) -> str:
    if report.queries == report.phrases:
        return "all were asked"
    return f"{report.queries:,} of {report.phrases:,}, drawn with seed {report.seed}"


def _table(table: Table) -> str:
    rule = ["---", *("---:" for _ in table.columns[1:])]
    return "\n".join(f"| {' | '.join(row)} |" for row in (table.columns, rule, *table.rows))


def _capital(words: str) -> str:
    # Not of "nDCG", whose letters mean something.
    return words if words.startswith("nDCG") else words[0].upper() + words[1:]


def _code(words: str) -> str:
    """As code, on one line, whatever the name of a folder holds."""
    line = " ".join(words.split())
    longest = max(map(len, re.findall("`+", line)), default=0)
    fence, space = "`" * (longest + 1), " " if longest else ""
    return f"{fence}{space}{line}{space}{fence}"
