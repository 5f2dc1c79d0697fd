"""The evaluation: a model is asked about posts with gold keyphrases, and scored.

examples = TrainingSet.build("s3://bucket/valid", Path("/tmp/cache"))
result = evaluate(Keyphraser.load(folder), examples, "text-only")
result.scores["cmkp"]["all"]["f1@3"]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from posts.phrases import Keyphrase
from posts.picture_size import shrink
from trainer.metrics import Case, score
from trainer.prefetch import prefetch
from trainer.scenarios import Scenario, Shown, find_scenario
from trainer.training_set import Example, TrainingSet

if TYPE_CHECKING:
    from model_store.keyphraser import Keyphraser

_CHUNK = 32
"""Posts whose decoded pictures are held at once; twice that with the ones read ahead."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """A case, and how much the model believes in each of its predictions."""

    case: Case
    keyphrases: Sequence[Keyphrase]
    """The predicted ones, best first."""


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """How a model did in a scenario."""

    scenario: str
    answers: Sequence[Answered]
    """One for each post, in the data's order."""
    scores: dict[str, Any]
    """As `trainer.metrics.score` gives them."""
    ocr: bool = False
    """The model was shown the words in pictures too."""

    @property
    def cases(self) -> Sequence[Case]:
        """What is scored."""
        return [answered.case for answered in self.answers]


def evaluate(
    keyphraser: Keyphraser,
    examples: TrainingSet,
    scenario: str = "clean",
    advance: Callable[[int], None] = lambda _posts: None,
    *,
    ocr: bool = False,
) -> Evaluation:
    """Asks for the keyphrases of all examples; `advance` is told each time some posts are done.

    `ocr`: the words in a picture are shown too. What is scored does not change: a keyphrase is
    present if it is in the post's own text. Raises InputError for an unknown scenario, before
    anything is asked.
    """
    answers = []
    show = find_scenario(scenario, ocr=ocr)
    for answered in answer(keyphraser, examples, range(len(examples)), show):
        answers.append(answered)
        advance(1)
    scores = score(answered.case for answered in answers)
    return Evaluation(scenario=scenario, answers=answers, scores=scores, ocr=ocr)


def predict(
    keyphraser: Keyphraser, examples: TrainingSet, rows: Sequence[int], scenario: Scenario
) -> Iterator[Case]:
    """A case for each row, in order, as `answer` gives them."""
    return (answered.case for answered in answer(keyphraser, examples, rows, scenario))


def answer(
    keyphraser: Keyphraser, examples: TrainingSet, rows: Sequence[int], scenario: Scenario
) -> Iterator[Answered]:
    """What the model says of each row, in order.

    A post of which the scenario leaves nothing stays in, with no predictions: a model cannot do
    better by being asked less.
    """

    def show(chunk: Sequence[int]) -> list[Shown]:
        return [_as_large_as_wanted(scenario(examples, row), keyphraser) for row in chunk]

    chunks = [rows[start : start + _CHUNK] for start in range(0, len(rows), _CHUNK)]
    with closing(prefetch(show, chunks, threads=1, ahead=1)) as ready:
        for chunk, shown in zip(chunks, ready, strict=True):
            for row, keyphrases in zip(chunk, _ask(keyphraser, shown), strict=True):
                yield _answered(examples[row], keyphrases)


def _as_large_as_wanted(shown: Shown, keyphraser: Keyphraser) -> Shown:
    """As the indexer shows pictures; what a scenario does to them it has done to whole ones."""
    if shown.picture is None:
        return shown
    return shown._replace(picture=shrink(shown.picture, keyphraser.picture_size))


def _answered(example: Example, keyphrases: Sequence[Keyphrase]) -> Answered:
    case = Case(
        id=example.id,
        text=example.text,
        gold=example.keyphrases,
        predicted=[one.phrase for one in keyphrases],
    )
    return Answered(case=case, keyphrases=keyphrases)


def _ask(keyphraser: Keyphraser, shown: Sequence[Shown]) -> list[list[Keyphrase]]:
    asked = [i for i, one in enumerate(shown) if one.text.strip() or one.picture is not None]
    answers: list[list[Keyphrase]] = [[] for _ in shown]
    if asked:
        found = keyphraser([shown[i].text for i in asked], [shown[i].picture for i in asked])
        for i, keyphrases in zip(asked, found, strict=True):
            answers[i] = keyphrases
    return answers
