"""What an evaluation says in figures: the scores of scenarios, and how sure they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from trainer.evaluation import Evaluation
from trainer.metrics import cmkp
from trainer.report.bootstrap import Interval, Replicates, interval, intervals, resample
from trainer.report.calibration import Calibration, calibrate
from trainer.report.near_duplicates import near_duplicate_share


@dataclass(frozen=True, kw_only=True)
class Summary:
    """How a model did in a scenario."""

    scenario: str
    posts: int
    scores: Mapping[str, Any]
    """As `trainer.metrics.score` gives them."""
    intervals: Mapping[str, Any]
    """95% bootstrap interval of each score, in the same shape."""
    near_duplicates: float
    """Share of the predicted phrases."""
    calibration: Calibration


@dataclass(frozen=True, kw_only=True)
class Harm:
    """What a wrong picture does: F1(text + wrong picture) - F1(text only); 0 is none."""

    f1_at_3: float
    """Under the cmkp definition, over all keyphrases."""
    interval: Interval
    """95% bootstrap interval; both scenarios are resampled by the same posts."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """All that was asked of a model about some data."""

    model: str
    data: str
    posts: int
    posts_with: Mapping[str, int]
    """How many of them have a gold keyphrase that is `present` in their text, and `absent`."""
    left_out: Mapping[str, int]
    """How many of the data's other posts could not be scored, by reason."""
    ocr: bool
    """The model was shown the words in pictures too, in every scenario."""
    summaries: Sequence[Summary]
    """In the order asked."""
    harm: Harm | None
    """None unless both scenarios that it takes were asked."""

    @classmethod
    def of(
        cls,
        model: str,
        data: str,
        evaluations: Sequence[Evaluation],
        left_out: Mapping[str, int],
    ) -> Report:
        """Summarises evaluations of the same posts; there must be one at least."""
        parts = cmkp.figures(evaluations[0].cases)
        replicates = {one.scenario: resample(one.cases) for one in evaluations}
        return cls(
            model=model,
            data=data,
            posts=len(evaluations[0].answers),
            posts_with={part: len(parts[part].rows) for part in ("present", "absent")},
            left_out=left_out,
            ocr=evaluations[0].ocr,
            summaries=[_summarize(one, replicates[one.scenario]) for one in evaluations],
            harm=_harm(evaluations, replicates),
        )

    @property
    def asked(self) -> str:
        """The model, and what helped it, for headings."""
        return f"{self.model} with OCR" if self.ocr else self.model

    def to_json(self) -> dict[str, Any]:
        """Scores by scenario, and beside them what else is known."""
        return {
            "model": self.model,
            "data": self.data,
            "posts": self.posts,
            "posts_with": self.posts_with,
            "left_out": self.left_out,
            "ocr": self.ocr,
            "scenarios": {one.scenario: _to_json(one) for one in self.summaries},
            "harm": self.harm and {"f1@3": self.harm.f1_at_3, "interval": self.harm.interval},
        }


def _summarize(evaluation: Evaluation, replicates: Replicates) -> Summary:
    cases = evaluation.cases
    return Summary(
        scenario=evaluation.scenario,
        posts=len(cases),
        scores=evaluation.scores,
        intervals=intervals(replicates),
        near_duplicates=near_duplicate_share(case.predicted for case in cases),
        calibration=calibrate(evaluation.answers),
    )


def _harm(evaluations: Sequence[Evaluation], replicates: Mapping[str, Replicates]) -> Harm | None:
    scores = {one.scenario: one.scores["cmkp"]["all"]["f1@3"] for one in evaluations}
    if not {"shuffled", "text-only"} <= scores.keys():
        return None
    wrong, without = (replicates[name]["cmkp"]["all"]["f1@3"] for name in ("shuffled", "text-only"))
    return Harm(
        f1_at_3=scores["shuffled"] - scores["text-only"], interval=interval(wrong - without)
    )


def _to_json(summary: Summary) -> dict[str, Any]:
    return {
        **summary.scores,
        "intervals": summary.intervals,
        "near_duplicate_share": summary.near_duplicates,
        "calibration": asdict(summary.calibration),
    }
