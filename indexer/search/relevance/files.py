"""A report as files, in a folder or below an S3 prefix.

relevance.md      tables for people
relevance.png     measures by threshold
relevance.json    all figures
"""

from __future__ import annotations

from indexer.search.relevance.markdown import to_markdown
from indexer.search.relevance.report import RelevanceReport, report_to_json
from posts.files import open_files

_PAGE, _PLOT, _FIGURES = "relevance.md", "relevance.png", "relevance.json"


def write_report(place: str, report: RelevanceReport) -> None:
    """Writes all files; older ones of those names are overwritten. `InputError` if it cannot."""
    # Only here: matplotlib takes a while to load.
    from indexer.search.relevance.plot import draw_thresholds

    files = open_files(place)
    files.write(_PLOT, draw_thresholds(report))
    files.write(_FIGURES, report_to_json(report))
    files.write(_PAGE, to_markdown(report, _PLOT, {_FIGURES: "all figures"}).encode())
