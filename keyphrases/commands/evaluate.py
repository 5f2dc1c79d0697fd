"""`keyphrases evaluate`: how well a model does on posts with gold keyphrases."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import click
import orjson

from keyphrases.commands.score import score_tables
from keyphrases.console import Bar, out
from model_store.keyphraser import Keyphraser
from model_store.store import Store
from posts.errors import InputError
from trainer.evaluation import Evaluation, evaluate
from trainer.scenarios import SCENARIOS, find_scenario
from trainer.training_set import TrainingSet


@click.command(name="evaluate")
@click.option("--data", required=True, help="Dump with gold keyphrases.")
@click.option("--store", required=True, help="Local path or s3://bucket/prefix.")
@click.option("--model", "ref", required=True, help="NAME, NAME@VERSION or NAME@ALIAS.")
@click.option(
    "--scenario",
    "scenarios",
    multiple=True,
    help=f"What the model is shown: {', '.join(SCENARIOS)}; repeatable. [default: all]",
)
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write scores here.")
def command(
    data: str, store: str, ref: str, scenarios: tuple[str, ...], json_path: Path | None
) -> None:
    """Score a model on a dump, under both published definitions."""
    for scenario in scenarios:
        find_scenario(scenario)
    if json_path is not None and not json_path.parent.is_dir():
        raise InputError(
            f"{json_path.parent} is no folder, so {json_path.name} cannot be put there"
        )
    models = Store(store)
    model = models.resolve(ref)
    bundle = models.fetch(str(model))
    with tempfile.TemporaryDirectory(prefix="keyphrases-") as scratch:
        examples = TrainingSet.build(data, Path(scratch))
        keyphraser = Keyphraser.load(bundle)
        done = evaluate_scenarios(keyphraser, examples, scenarios or tuple(SCENARIOS))
    for evaluation in done:
        about = f"{model}, {evaluation.scenario}, {len(evaluation.cases)} posts"
        for drawn in score_tables(evaluation.scores, about):
            out.print(drawn)
    if json_path:
        scores = {one.scenario: one.scores for one in done}
        content = {"model": str(model), "data": data, "posts": len(examples), "scenarios": scores}
        json_path.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2))


def evaluate_scenarios(
    keyphraser: Keyphraser, examples: TrainingSet, scenarios: Sequence[str]
) -> list[Evaluation]:
    """Evaluations in the order asked, with a bar."""
    done: list[Evaluation] = []
    asked = 0
    with Bar("evaluate") as bar:

        def advance(posts: int) -> None:
            nonlocal asked
            asked += posts
            bar.show("evaluate", asked, len(examples) * len(scenarios), scenarios[len(done)])

        for scenario in scenarios:
            done.append(evaluate(keyphraser, examples, scenario, advance))
    return done
