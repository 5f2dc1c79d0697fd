"""`keyphrases evaluate`: how well a model does on posts with gold keyphrases."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keyphrases.console import Bar, err, out, table
from keyphrases.output_file import check_output_file
from model_store.store import Store
from posts.ocr import ocr_version
from trainer.evaluation import Evaluation, evaluate
from trainer.report import (
    Report,
    check_report_folder,
    to_json,
    with_signs,
    without_signs,
    write_report,
)
from trainer.scenarios import ALL, PLAIN, expand_scenarios
from trainer.training_set import TrainingSet, tally

if TYPE_CHECKING:
    from model_store.keyphraser import Keyphraser


@click.command(name="evaluate")
@click.option("--data", required=True, help="Dump with gold keyphrases.")
@click.option("--store", required=True, help="Local path or s3://bucket/prefix.")
@click.option("--model", "ref", required=True, help="NAME, NAME@VERSION or NAME@ALIAS.")
@click.option(
    "--scenario",
    "scenarios",
    multiple=True,
    help="What the model is shown: clean, text-only, image-only, missing-0.5, shuffled, "
    f"shuffled-0.5, image-noise-1 to -5, text-noise-1 to -5, or {ALL} for a standard choice; "
    f"repeatable. [default: {', '.join(PLAIN)}]",
)
@click.option("--ocr", is_flag=True, help="Show the model the words in pictures too.")
@click.option(
    "--json",
    "json_path",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="Write scores here.",
)
@click.option(
    "--report",
    "folder",
    type=click.Path(path_type=Path),
    help="Write tables, plots and a contact sheet to this folder.",
)
def command(
    data: str,
    store: str,
    ref: str,
    scenarios: tuple[str, ...],
    ocr: bool,
    json_path: Path | None,
    folder: Path | None,
) -> None:
    """Score a model on a dump, under both published definitions."""
    names = expand_scenarios(scenarios)
    if ocr:
        ocr_version()
    check_output_file(json_path)
    if folder is not None:
        check_report_folder(folder)
    models = Store(store)
    model = models.resolve(ref)
    bundle = models.fetch(str(model))
    # Only here: it loads torch, and what is wrong should be told at once.
    from model_store.keyphraser import Keyphraser

    with tempfile.TemporaryDirectory(prefix="keyphrases-") as scratch:
        examples = TrainingSet.build(data, Path(scratch))
        done = evaluate_scenarios(Keyphraser.load(bundle), examples, names, ocr=ocr)
        report = Report.of(str(model), data, done, examples.left_out)
        if json_path:
            json_path.write_bytes(to_json(report))
        if folder is not None:
            # The whole posts say most; else the first scenario asked.
            sheet = done[names.index("clean") if "clean" in names else 0]
            write_report(folder, report, sheet, examples)
    for drawn in report_tables(report):
        out.print(drawn)
    if report.left_out:
        err.print(f"left out of {data}: {tally(report.left_out)}", markup=False)
    if folder is not None:
        out.print(f"report: {folder}", markup=False)


def report_tables(report: Report) -> Iterator[Any]:
    """A row per scenario; a table per definition, so that no column ever mixes the two."""
    about = f"{report.asked}, {report.posts:,} posts"
    yield table(
        f"cmkp definition, {about} (present, absent: f1@3)",
        ["scenario", "f1@1", "f1@3", "95%", "map@5", "present", "absent"],
        [
            [
                one.scenario,
                one.scores["cmkp"]["all"]["f1@1"],
                one.scores["cmkp"]["all"]["f1@3"],
                without_signs(one.intervals["cmkp"]["all"]["f1@3"]),
                one.scores["cmkp"]["all"]["map@5"],
                *(
                    one.scores["cmkp"][part]["f1@3"] if count else "-"
                    for part, count in report.posts_with.items()
                ),
            ]
            for one in report.summaries
        ],
    )
    yield table(
        f"aimkp definition, {about}",
        ["scenario", "f1@1", "f1@3", "95%", "map@5"],
        [
            [
                one.scenario,
                one.scores["aimkp"]["f1@1"],
                one.scores["aimkp"]["f1@3"],
                without_signs(one.intervals["aimkp"]["f1@3"]),
                one.scores["aimkp"]["map@5"],
            ]
            for one in report.summaries
        ],
    )
    yield table(
        f"predicted keyphrases, {about}",
        ["scenario", "phrases", "near-duplicates", "calibration error", "brier"],
        [
            [
                one.scenario,
                one.calibration.predictions,
                one.near_duplicates,
                one.calibration.expected_error,
                one.calibration.brier,
            ]
            for one in report.summaries
        ],
    )
    if report.harm is not None:
        yield (
            f"harm of a wrong picture, f1@3 (cmkp) shuffled - text-only: "
            f"{report.harm.f1_at_3:+.3f} ({with_signs(report.harm.interval)})"
        )


def evaluate_scenarios(
    keyphraser: Keyphraser,
    examples: TrainingSet,
    scenarios: Sequence[str],
    *,
    ocr: bool = False,
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
            done.append(evaluate(keyphraser, examples, scenario, advance, ocr=ocr))
    return done
