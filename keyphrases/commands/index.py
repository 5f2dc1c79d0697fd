"""`keyphrases index`: keyphrases for a dump, into an index."""

from __future__ import annotations

import click

from indexer.checked import OnChecked, check_run
from indexer.job import APPEND, MODES, IndexJob
from indexer.preview import PreviewedPost, preview
from indexer.run import index_dump
from indexer.summary import RunSummary
from keyphrases.chosen_model import chosen_model
from keyphrases.console import err, out, printable
from keyphrases.preflight_display import show_checked
from keyphrases.run_display import RunDisplay
from keyphrases.stopping import stop_on_sigterm


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
@click.option("--preview", "previewed", type=int, help="Show keyphrases of N posts, write nothing.")
@click.option(
    "--keep-text-of-broken-pictures",
    is_flag=True,
    help="Index the text of a post whose picture is broken or refused.",
)
@click.option("--ocr", is_flag=True, help="Show the model the words in pictures too.")
@click.option("--actors", type=int, help="Processes with the model.  [default: as many as fit]")
@click.option("--cpus-per-actor", default=1.0, show_default=True)
@click.option("--gpus-per-actor", type=float, help="[default: 1 where the cluster has any]")
def command(
    dump: str,
    index: str,
    store: str | None,
    model: str | None,
    dead_letters: str | None,
    retry_dead: str | None,
    max_error_rate: float | None,
    mode: str,
    max_gone_rate: float | None,
    rebuild: bool,
    check: bool,
    previewed: int | None,
    keep_text_of_broken_pictures: bool,
    ocr: bool,
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
        max_error_rate=max_error_rate,
        mode=mode,
        max_gone_rate=max_gone_rate,
        rebuild=rebuild,
        keep_text_of_broken_pictures=keep_text_of_broken_pictures,
        ocr=ocr,
        actors=actors,
        cpus_per_actor=cpus_per_actor,
        gpus_per_actor=gpus_per_actor,
    )
    if check:
        show_checked(check_run(job))
        return
    if previewed is not None:
        for post in preview(job, previewed):
            _show_preview(post)
        return
    summary = run_indexing(job, on_checked=show_checked)
    click.echo(summary.to_json())


def run_indexing(job: IndexJob, on_checked: OnChecked | None = None) -> RunSummary:
    """Indexes with its progress on stderr; asked to stop, it ends with what is under way."""
    with RunDisplay() as display, stop_on_sigterm() as stop:
        summary = index_dump(job, on_checked=on_checked, on_progress=display, stop=stop)
    if summary.dead and summary.dead_letters:
        err.print(f"{summary.dead:,} posts could not be indexed; why: {summary.dead_letters}")
    return summary


def _show_preview(shown: PreviewedPost) -> None:
    picture = shown.picture
    size = f"picture {picture.width}x{picture.height}" if picture else "no picture"
    head = f"{printable(shown.post.id)}  ({size})  {printable(shown.post.text[:200])}"
    out.print(head, markup=False, style="bold")
    if shown.words:
        out.print(f"   words in the picture: {printable(shown.words)}", markup=False)
    chips = "   ".join(f"{printable(phrase)} {score:.2f}" for phrase, score in shown.keyphrases)
    out.print(f"   {chips or '(no keyphrases)'}", markup=False, style="cyan")
