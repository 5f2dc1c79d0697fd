"""The last run of the same index, from the reports that lie in a folder, to compare with."""

from __future__ import annotations

import logging
import re

from indexer.report.record import Comparison, Outcome, Phrases, RunReport
from indexer.report.stored import report_from_json
from posts.files import Files
from posts.phrases import stem_key

FREQUENT = 200
"""Keyphrases of a run that are looked for in the earlier one."""

_NAME = re.compile(r"(\d{8}T\d{6}Z-[0-9a-f]{6})\.json")
"""See `indexer.run_id`: they sort by time."""
_MOST = 100
"""Reports that are opened: a folder may hold those of many indexes."""

_log = logging.getLogger(__name__)


def find_earlier(files: Files, index: str, run: str) -> RunReport | None:
    """The youngest report before `run` of a run over `index` that is done and generated anything.

    What cannot be read as a report is passed over, with a warning.
    """
    names = [info.name for info in files.list()]
    runs = sorted(found[1] for name in names if (found := _NAME.fullmatch(name)))
    for name in [f"{one}.json" for one in reversed(runs) if one < run][:_MOST]:
        try:
            report = report_from_json(files.read(name))
        except ValueError as error:
            _log.warning("the report %s/%s cannot be compared with: %s", files.root, name, error)
            continue
        if report.index == index and report.outcome == Outcome.DONE and report.counts.generated:
            return report
    return None


def compare(model_digest: str, phrases: Phrases, earlier: RunReport) -> Comparison:
    """What a run of the model, with its phrases, has that an earlier one has not."""
    before = {one.phrase: one.posts for one in earlier.phrases.listed}
    stems = {stem_key(phrase) for phrase in before}
    frequent = phrases.listed[:FREQUENT]
    return Comparison(
        run=earlier.run,
        ended=earlier.ended,
        model=earlier.model,
        same_model=earlier.model_digest == model_digest,
        generated=earlier.counts.generated,
        listed=len(before),
        unlisted_at_most=earlier.phrases.unlisted_at_most,
        frequent=len(frequent),
        new=tuple(one for one in frequent if stem_key(one.phrase) not in stems),
        posts={one.phrase: before[one.phrase] for one in frequent if one.phrase in before},
        score_bins=earlier.scores.bins,
    )
