"""Reports on how a model does: figures with intervals, tables, plots, and posts to look at."""

from __future__ import annotations

from trainer.report.files import check_report_folder, to_json, write_report
from trainer.report.markdown import with_signs, without_signs
from trainer.report.summary import Harm, Report, Summary

__all__ = [
    "Harm",
    "Report",
    "Summary",
    "check_report_folder",
    "to_json",
    "with_signs",
    "without_signs",
    "write_report",
]
