"""The evaluation: a model is asked about posts with gold keyphrases, and scored.

examples = TrainingSet.build("s3://bucket/valid", Path("/tmp/cache"))
result = evaluate(Keyphraser.load(folder), examples, "text-only")
result.scores["cmkp"]["all"]["f1@3"]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from model_store.keyphraser import Keyphraser
from trainer.metrics import Case, score
from trainer.prefetch import prefetch
from trainer.scenarios import Scenario, Shown, find_scenario
from trainer.training_set import TrainingSet

_CHUNK = 32
"""Posts whose decoded pictures are held at once; twice that with the ones read ahead."""


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """How a model did in a scenario."""

    scenario: str
    cases: Sequence[Case]
    scores: dict[str, Any]
    """As `trainer.metrics.score` gives them."""


def evaluate(
    keyphraser: Keyphraser,
    examples: TrainingSet,
    scenario: str = "clean",
    advance: Callable[[int], None] = lambda _posts: None,
) -> Evaluation:
    """Asks for the keyphrases of all examples; `advance` is told each time some posts are done.

    Raises InputError for an unknown scenario, before anything is asked.
    """
    cases = []
    for case in predict(keyphraser, examples, range(len(examples)), find_scenario(scenario)):
        cases.append(case)
        advance(1)
    return Evaluation(scenario=scenario, cases=cases, scores=score(cases))


def predict(
    keyphraser: Keyphraser, examples: TrainingSet, rows: Sequence[int], scenario: Scenario
) -> Iterator[Case]:
    """A case for each row, in order.

    A post of which the scenario leaves nothing stays in, with no predictions: a model cannot do
    better by being asked less.
    """

    def show(chunk: Sequence[int]) -> list[Shown]:
        return [scenario(examples, row) for row in chunk]

    chunks = [rows[start : start + _CHUNK] for start in range(0, len(rows), _CHUNK)]
    with closing(prefetch(show, chunks, threads=1, ahead=1)) as ready:
        for chunk, shown in zip(chunks, ready, strict=True):
            for row, phrases in zip(chunk, _ask(keyphraser, shown), strict=True):
                example = examples[row]
                yield Case(
                    id=example.id, text=example.text, gold=example.keyphrases, predicted=phrases
                )


def _ask(keyphraser: Keyphraser, shown: Sequence[Shown]) -> list[list[str]]:
    asked = [i for i, one in enumerate(shown) if one.text.strip() or one.picture is not None]
    phrases: list[list[str]] = [[] for _ in shown]
    if asked:
        answers = keyphraser([shown[i].text for i in asked], [shown[i].picture for i in asked])
        for i, answer in zip(asked, answers, strict=True):
            phrases[i] = [keyphrase.phrase for keyphrase in answer]
    return phrases
