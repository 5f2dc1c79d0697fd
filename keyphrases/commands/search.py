"""`keyphrases search`: asks an index from the command line."""

from __future__ import annotations

import html
import re
from pathlib import Path

import click
import orjson
from rich.markup import escape

from indexer.index.query import Hit, Results
from indexer.search.answer import answer_of
from indexer.search.index import Index
from keyphrases.console import out, printable, table
from posts.errors import InputError

_SHOWN_FACETS = 10
"""In the table for people; JSON has all that were counted."""


@click.command(name="search")
@click.argument("query", default="")
@click.option(
    "--index", "location", required=True, help="embedded:PATH or http(s)://host:port/NAME"
)
@click.option("--phrase", "phrases", multiple=True, help="Only posts with this keyphrase.")
@click.option("--since", default=None, help="Only posts from this date on (ISO 8601).")
@click.option("--limit", default=10, show_default=True, help="Hits to show.")
@click.option("--after", default=None, help="The next page: what --json gave as `next`.")
@click.option("--facets", is_flag=True, help="Count the keyphrases of all matching posts.")
@click.option(
    "--image",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Search by this picture, too.",
)
@click.option("--hybrid", is_flag=True, help="Rank by the meaning of the words, too.")
@click.option("--store", help="Where the index's model lies, for --image and --hybrid.")
@click.option("--model", help="Its name there, if it has another than the index knows.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    query: str,
    location: str,
    phrases: tuple[str, ...],
    since: str | None,
    limit: int,
    after: str | None,
    facets: bool,
    image: Path | None,
    hybrid: bool,
    store: str | None,
    model: str | None,
    as_json: bool,
) -> None:
    """Search an index for QUERY in texts and keyphrases; without one, filters alone decide.

    A query may have words, "words in a row", key:PHRASE, key:"a phrase", has:picture,
    since:DATE, until:DATE, score:0.5 (only keyphrases that score so much count) and sort:date;
    -PART or NOT PART for what must not be, OR, AND and brackets.

    With a picture those posts come first whose picture, or text if they have none, is most like it.
    """
    picture = None if image is None else _read(image)
    with Index(location, store=store, model=model) as index:
        results = index.search(
            query,
            phrases=phrases,
            since=since,
            limit=limit,
            after=after,
            facets=facets,
            picture=picture,
            hybrid=hybrid,
        )
    if as_json:
        click.echo(orjson.dumps(answer_of(results)))
    else:
        show_results(results)


def show_results(results: Results) -> None:
    """Hits as people read them: the passage, then its keyphrases with their scores."""
    posts = "post" if results.total == 1 else "posts"
    out.print(f"[bold]{results.total}[/bold] {posts} in {results.took_ms:.0f} ms")
    for number, hit in enumerate(results.hits, start=1):
        out.print(f"\n[bold]{number}.[/bold] {_passage(hit)}  [dim]{_origin(hit)}[/dim]")
        chips = "   ".join(
            f"{escape(printable(k.phrase))} [dim]{k.score:.2f}[/dim]" for k in hit.keyphrases
        )
        out.print(f"   [cyan]{chips or '(no keyphrases)'}[/cyan]")
    if results.facets:
        rows = [(printable(facet.phrase), facet.count) for facet in results.facets[:_SHOWN_FACETS]]
        out.print()
        out.print(table("Keyphrases of all matching posts", ["keyphrase", "posts"], rows))


def _read(image: Path) -> bytes:
    # Imported late: who searches by words need not wait for it.
    from posts.pictures import DEFAULT_LIMITS

    try:
        with image.open("rb") as file:
            # One byte more shows that it is too large.
            return file.read(DEFAULT_LIMITS.bytes + 1)
    except OSError as error:
        raise InputError(f"the picture {image} cannot be read ({error.strerror})") from error


def _passage(hit: Hit) -> str:
    parts = re.split(r"(<mark>.*?</mark>)", printable(hit.highlight))
    return "".join(_styled(part) for part in parts) or "[dim](no text)[/dim]"


def _styled(part: str) -> str:
    marked = part.startswith("<mark>")
    words = escape(html.unescape(part.removeprefix("<mark>").removesuffix("</mark>")))
    return f"[bold yellow]{words}[/bold yellow]" if marked else words


def _origin(hit: Hit) -> str:
    day = f", {hit.created_at:%Y-%m-%d}" if hit.created_at else ""
    return escape(f"{printable(hit.id)}{day}")
