"""The contact sheet of an evaluation: some of its posts, each as the model saw it."""

from __future__ import annotations

from trainer.evaluation import Answered, Evaluation
from trainer.report.contact_sheet import Card, draw_contact_sheet
from trainer.scenarios import Shown, find_scenario
from trainer.scenarios.draws import ranked
from trainer.training_set import TrainingSet

POSTS = 50


def draw_evaluation_sheet(
    evaluation: Evaluation, examples: TrainingSet, model: str, posts: int = POSTS
) -> str:
    """A page of random posts, drawn by their ids: the same whatever the model.

    Each is shown as the model saw it in the evaluation's scenario.
    """
    show = find_scenario(evaluation.scenario, ocr=evaluation.ocr)
    ids = enumerate(answered.case.id for answered in evaluation.answers)
    rows = ranked("contact-sheet", ids)[:posts]
    return draw_contact_sheet(
        f"{model}, {evaluation.scenario}",
        f"{len(rows)} random posts of {len(evaluation.answers):,}, as the model saw them.",
        (_card(evaluation.answers[row], show(examples, row)) for row in rows),
    )


def _card(answered: Answered, shown: Shown) -> Card:
    return Card(
        id=answered.case.id,
        text=shown.text,
        picture=shown.picture,
        gold=answered.case.gold,
        keyphrases=answered.keyphrases,
    )
