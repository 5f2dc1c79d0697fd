"""A report as files in a folder.

report.json           all figures
report.md             the same as tables
scenarios.png         F1@3 with intervals, and how it falls with severity
calibration.png       scores against the share that is gold
contact_sheet.html    50 random posts
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import orjson

from posts.errors import InputError
from trainer.evaluation import Evaluation
from trainer.report.evaluation_sheet import draw_evaluation_sheet
from trainer.report.markdown import to_markdown
from trainer.report.summary import Report
from trainer.training_set import TrainingSet

CONTACT_SHEET = "contact_sheet.html"


def check_report_folder(folder: Path) -> None:
    """Whether a report can be written to the folder, which need not be there yet, nor is made.

    Raises InputError if not: it would be a pity to know only when all has been asked.
    """
    place = folder if folder.exists() else folder.parent
    if not place.is_dir():
        raise InputError(f"{place} is no folder, so no report can be put there")
    if not os.access(place, os.W_OK | os.X_OK):
        raise InputError(f"no report can be put into {place}: you may not write there")


def write_report(
    folder: Path, report: Report, evaluation: Evaluation, examples: TrainingSet
) -> None:
    """Writes all files; the contact sheet is of the one evaluation given.

    The folder is made if only it is missing, and older reports in it are overwritten.
    """
    # Only here: matplotlib takes a while to load.
    from trainer.report.calibration_plot import draw_calibration
    from trainer.report.scenario_plot import draw_scenarios

    sheet = draw_evaluation_sheet(evaluation, examples, report.asked)
    folder.mkdir(exist_ok=True)
    (folder / "report.json").write_bytes(to_json(report))
    (folder / "report.md").write_text(to_markdown(report, _beside(evaluation)), encoding="utf-8")
    (folder / "scenarios.png").write_bytes(draw_scenarios(report))
    (folder / "calibration.png").write_bytes(draw_calibration(report))
    (folder / CONTACT_SHEET).write_text(sheet, encoding="utf-8")


def to_json(report: Report) -> bytes:
    """All figures of a report."""
    return orjson.dumps(report.to_json(), option=orjson.OPT_INDENT_2)


def _beside(evaluation: Evaluation) -> Mapping[str, str]:
    return {
        "scenarios.png": "F1@3 with intervals, and how it falls with severity",
        "calibration.png": "scores against the share that is gold",
        CONTACT_SHEET: f"random posts as the model saw them ({evaluation.scenario})",
        "report.json": "all figures",
    }
