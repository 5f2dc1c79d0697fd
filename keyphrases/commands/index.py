"""`keyphrases index`: keyphrases for a dump, into an index."""

from __future__ import annotations

import math
from pathlib import Path

import click
import orjson

from indexer.job import APPEND, MODES, IndexJob
from indexer.preflight.checked import OnChecked, check_run
from indexer.preview.estimate import estimate
from indexer.preview.preview import preview
from indexer.report import Written
from indexer.run import index_dump
from indexer.summary import RunSummary
from keyphrases.actors import AUTO, Actors
from keyphrases.chosen_model import chosen_model
from keyphrases.console import Bar, err, printable
from keyphrases.preflight_display import show_checked
from keyphrases.preview_display import draw_preview_page, show_preview, to_json
from keyphrases.run_display import RunDisplay
from keyphrases.stopping import stop_on_sigterm
from posts.errors import InputError

PRICE_VARIABLE = "KEYPHRASES_PRICE_PER_HOUR"
"""Environment variable: see `--price-per-hour`."""


@click.command(name="index")
@click.argument("dump")
@click.option("--index", required=True, help="embedded:PATH or http(s)://HOST:PORT/NAME")
@click.option(
    "--store", help="Model store: local path or s3://bucket/prefix.  [default: what ships]"
)
@click.option("--model", help="NAME, NAME@VERSION or NAME@ALIAS; NAME alone is what is promoted.")
@click.option("--dead-letters", help="Folder or s3:// prefix for a Parquet file of bad posts.")
@click.option(
    "--retry-dead",
    metavar="URI",
    help="Try these dead letters again: a Parquet file of a run, or a folder of them.",
)
@click.option("--report", help="Folder or s3:// prefix for the run's report, as JSON and HTML.")
@click.option("--max-error-rate", type=float, help="Give up if more of the posts are bad (0 to 1).")
@click.option(
    "--mode",
    type=click.Choice(MODES),
    default=APPEND,
    show_default=True,
    help="snapshot: what is not in the dump any more leaves the index.",
)
@click.option(
    "--max-gone-rate", type=float, help="Remove nothing if more of the index is gone (0 to 1)."
)
@click.option("--rebuild", is_flag=True, help="Write a new version beside the live index.")
@click.option("--check", is_flag=True, help="Check all that a run needs, begin nothing.")
@click.option(
    "--preview",
    "previewed",
    type=int,
    metavar="N",
    help="Show keyphrases of N posts and estimate time and money, write nothing.",
)
@click.option(
    "--preview-page",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the preview to an HTML page too, with the pictures.",
)
@click.option(
    "--price-per-hour",
    type=float,
    envvar=PRICE_VARIABLE,
    help=f"What an actor costs an hour, for the preview.  [env: {PRICE_VARIABLE}]",
)
@click.option("--json", "as_json", is_flag=True, help="The preview as JSON.")
@click.option(
    "--keep-text-of-broken-pictures",
    is_flag=True,
    help="Index the text of a post whose picture is broken or refused.",
)
@click.option("--ocr", is_flag=True, help="Show the model the words in pictures too.")
@click.option(
    "--picture-gate",
    type=float,
    help="Show the model only pictures that fit their text so probably (0 to 1).  [default: all]",
)
@click.option(
    "--min-score",
    type=float,
    help="Leave out keyphrases that score less (0 to 1).  [default: as the model was published]",
)
@click.option(
    "--actors",
    type=Actors(),
    default=AUTO,
    show_default=True,
    help="Processes with the model; auto: as many as fit, while a cluster grows and shrinks.",
)
@click.option(
    "--cpus-per-actor", default=1.0, show_default=True, help="Its model has as many threads."
)
@click.option("--gpus-per-actor", type=float, help="[default: 1 where the cluster has any]")
def command(
    dump: str,
    index: str,
    store: str | None,
    model: str | None,
    dead_letters: str | None,
    retry_dead: str | None,
    report: str | None,
    max_error_rate: float | None,
    mode: str,
    max_gone_rate: float | None,
    rebuild: bool,
    check: bool,
    previewed: int | None,
    preview_page: Path | None,
    price_per_hour: float | None,
    as_json: bool,
    keep_text_of_broken_pictures: bool,
    ocr: bool,
    picture_gate: float | None,
    min_score: float | None,
    actors: int | None,
    cpus_per_actor: float,
    gpus_per_actor: float | None,
) -> None:
    """Generate keyphrases for the posts of DUMP and make them searchable.

    A post that the index holds already, unchanged, costs nothing. Ends with a line of JSON.
    """
    chosen = chosen_model(store, model)
    job = IndexJob(
        dump=dump,
        index=index,
        store=chosen.store,
        model=chosen.model,
        dead_letters=dead_letters,
        retry_dead=retry_dead,
        report=report,
        max_error_rate=max_error_rate,
        mode=mode,
        max_gone_rate=max_gone_rate,
        rebuild=rebuild,
        keep_text_of_broken_pictures=keep_text_of_broken_pictures,
        ocr=ocr,
        picture_gate=picture_gate,
        min_score=min_score,
        actors=actors,
        cpus_per_actor=cpus_per_actor,
        gpus_per_actor=gpus_per_actor,
    )
    if check:
        show_checked(check_run(job))
        return
    if previewed is not None:
        _preview(job, previewed, preview_page, price_per_hour, as_json=as_json)
        return
    if as_json or preview_page is not None:
        raise InputError("--json and --preview-page belong to a preview; add --preview N")
    summary = run_indexing(job, on_checked=show_checked)
    click.echo(summary.to_json())


def run_indexing(job: IndexJob, on_checked: OnChecked | None = None) -> RunSummary:
    """Indexes with its progress on stderr; asked to stop, it ends with what is under way."""
    with RunDisplay() as display, stop_on_sigterm() as stop:
        summary = index_dump(
            job, on_checked=on_checked, on_progress=display, on_report=_show_report, stop=stop
        )
    if summary.dead and summary.dead_letters:
        err.print(f"{summary.dead:,} posts could not be indexed; why: {summary.dead_letters}")
    return summary


def _preview(
    job: IndexJob, count: int, page: Path | None, price_per_hour: float | None, *, as_json: bool
) -> None:
    if price_per_hour is not None and not 0 <= price_per_hour < math.inf:
        raise InputError(f"--price-per-hour must be a number of at least 0, not {price_per_hour}")
    if page is not None and not page.parent.is_dir():
        raise InputError(f"there is no folder {page.parent} for --preview-page; make it first")
    with Bar(f"ask the model about {count:,} posts") as bar:
        previewed = preview(job, count)
        estimated = estimate(
            *(job, previewed),
            price_per_hour=price_per_hour,
            on_count=lambda posts: bar.show("count the dump's posts", posts, None, ""),
        )
    if page is not None:
        page.write_text(draw_preview_page(previewed, estimated), encoding="utf-8")
    if as_json:
        click.echo(orjson.dumps(to_json(previewed, estimated)))
    else:
        show_preview(previewed, estimated)


def _show_report(written: Written) -> None:
    if written.failure is None:
        err.print(f"report: {written.page}", markup=False)
    else:
        why = printable(written.failure)
        err.print(f"the report {written.page} could not be written: {why}", markup=False)
