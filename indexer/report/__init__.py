"""The report of a run: what it did, as JSON for programs and as one page for people."""

from __future__ import annotations

from indexer.report.files import OnReport, Written
from indexer.report.record import RunReport
from indexer.report.recorder import Recorder
from indexer.report.stored import report_from_json, report_to_json

__all__ = [
    "OnReport",
    "Recorder",
    "RunReport",
    "Written",
    "report_from_json",
    "report_to_json",
]
