"""Where reports lie: RUN.json and RUN.html in a folder or below an S3 prefix."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from indexer.cluster.failures import one_line
from indexer.report.earlier import compare, find_earlier
from indexer.report.record import RunReport
from indexer.report.stored import report_to_json
from posts.errors import KeyphraseError
from posts.files import Files

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Written:
    """What became of a report."""

    page: str
    """Where the HTML file lies, or should."""
    failure: str | None = None
    """Why it could not be written."""


OnReport = Callable[[Written], None]


def write_report(files: Files, report: RunReport) -> Written:
    """Writes both files, compared with the last run that lies there; never raises."""
    page = f"{files.root}/{report.run}.html"
    try:
        report = _compared(files, report)
        files.write(f"{report.run}.json", report_to_json(report))
        # Only here: what draws the plots takes a while to load.
        from indexer.report.page import draw_page

        files.write(f"{report.run}.html", draw_page(report).encode())
    except Exception as error:  # noqa: BLE001 - a run shall not fail, nor its own error be hidden
        _log.warning("the report %s could not be written", page, exc_info=True)
        return Written(page=page, failure=one_line(error))
    return Written(page=page)


def _compared(files: Files, report: RunReport) -> RunReport:
    try:
        earlier = find_earlier(files, report.index, report.run)
    except (KeyphraseError, OSError) as error:
        # Who may write to a bucket need not be allowed to list it.
        _log.warning("reports of earlier runs cannot be read: %s", one_line(error))
        return report
    if earlier is None:
        return report
    return replace(report, comparison=compare(report.model_digest, report.phrases, earlier))
