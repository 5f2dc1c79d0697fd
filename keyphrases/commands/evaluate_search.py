"""`keyphrases evaluate-search`: how well search finds posts, with keyphrases and without."""

from __future__ import annotations

from pathlib import Path

import click

from indexer.preflight.probe import probe_writing
from indexer.run_id import new_run_id
from indexer.search.relevance import tables
from indexer.search.relevance.evaluation import QUERIES, THRESHOLDS, evaluate_search
from indexer.search.relevance.files import write_report
from indexer.search.relevance.judgements import tally
from indexer.search.relevance.report import RelevanceReport, report_to_json
from keyphrases.console import Bar, err, out, table
from keyphrases.index_access import opened_index
from keyphrases.output_file import check_output_file
from keyphrases.thresholds import Thresholds


@click.command(name="evaluate-search")
@click.argument("dump")
@click.option(
    "--index", "location", required=True, help="embedded:PATH or http(s)://HOST:PORT/NAME"
)
@click.option(
    "--thresholds",
    type=Thresholds(),
    default=",".join(f"{one:g}" for one in THRESHOLDS),
    show_default=True,
    help="Scores, each measured as if keyphrases below it had never been indexed.",
)
@click.option(
    "--queries",
    type=click.IntRange(min=1),
    default=QUERIES,
    show_default=True,
    help="At most so many, drawn from the gold keyphrases.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Of what is drawn: queries, and their resamples for intervals.",
)
@click.option(
    "--json",
    "json_path",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="Write all figures here.",
)
@click.option("--report", "place", help="Folder or s3:// prefix for tables, a plot and figures.")
def command(
    dump: str,
    location: str,
    thresholds: tuple[float, ...],
    queries: int,
    seed: int,
    json_path: Path | None,
    place: str | None,
) -> None:
    """Measure how well INDEX finds the posts of DUMP, which it holds, by their gold keyphrases.

    Each gold keyphrase is a query, and the posts that have it as gold are what is to be found.
    """
    check_output_file(json_path)
    if place is not None:
        probe_writing(place, new_run_id(), "the report", "--report")
    with opened_index(location) as index, Bar("evaluate search") as bar:
        report = evaluate_search(
            dump,
            index,
            thresholds=thresholds,
            queries=queries,
            seed=seed,
            progress=lambda doing, done, total: bar.show(doing, done, total, ""),
        )
    _show(report)
    if json_path is not None:
        json_path.write_bytes(report_to_json(report))
    if place is not None:
        write_report(place, report)
        out.print(f"report: {place}", markup=False)


def _show(report: RelevanceReport) -> None:
    out.print(tables.about(report))
    for whole in (tables.ways_table(report), tables.thresholds_table(report)):
        one = whole.narrow()
        out.print(table(one.title, one.columns, one.rows))
    out.print(tables.recommendation(report))
    if report.left_out:
        err.print(f"left out of {report.dump}: {tally(report.left_out)}", markup=False)
    if report.missing:
        err.print(
            f"{report.missing:,} of the {report.posts:,} posts are not in {report.index}; they "
            "count as never found",
            markup=False,
        )
