"""A preview, as people and machines read it: posts with keyphrases, and what a run would take."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from indexer.preview.estimate import Estimate
from indexer.preview.preview import Preview, PreviewedPost
from keyphrases.console import out, printable
from keyphrases.thumbnail import COLUMNS, thumbnail

_LEAST_WIDTH = 60
"""Columns of a terminal that has room for a picture beside a text."""
_CHARACTERS = 200
"""Of a text; the rest is cut."""


def show_preview(preview: Preview, estimate: Estimate | None, console: Console = out) -> None:
    """Each post, on a terminal with colours beside a small picture, and the estimate."""
    coloured = console.is_terminal and console.color_system in ("256", "truecolor")
    for shown in preview.posts:
        if coloured and console.width >= _LEAST_WIDTH and shown.picture is not None:
            beside = Table.grid(padding=(0, 2))
            beside.add_column(width=COLUMNS)
            beside.add_column()
            beside.add_row(thumbnail(shown.picture), Text("\n").join(_lines(shown)))
            # Wrapped beside the picture, where all else is left to the terminal.
            console.print(beside, "", soft_wrap=False)
        else:
            for line in _lines(shown):
                console.print(line)
    for words in _sentences(estimate):
        console.print(words, markup=False)


def to_json(preview: Preview, estimate: Estimate | None) -> dict[str, Any]:
    """The same for `--json`."""
    return {
        "model": preview.model,
        "posts": [_post(shown) for shown in preview.posts],
        "estimate": None
        if estimate is None
        else {
            "posts": estimate.posts,
            "held": estimate.held,
            "at_most": estimate.at_most,
            "measured_posts": estimate.measured,
            "share_with_picture": estimate.with_picture,
            "seconds_per_post": estimate.seconds_per_post,
            "model_hours": estimate.model_hours,
            "actors": estimate.actors,
            "hours": estimate.hours,
            "price_per_hour": estimate.price_per_hour,
            "price": estimate.price,
        },
    }


def draw_preview_page(preview: Preview, estimate: Estimate | None) -> str:
    """The same as one HTML page that needs nothing else."""
    # Imported here: it brings what measures phrases with it, which no run needs.
    from trainer.report.contact_sheet import Card, draw_contact_sheet

    cards = (
        Card(
            id=shown.post.id,
            text=shown.post.text,
            picture=shown.picture,
            gold=shown.post.keyphrases,
            keyphrases=shown.keyphrases,
            note="the gate dropped the picture" if shown.picture_dropped else "",
        )
        for shown in preview.posts
    )
    about = [f"The first {len(preview.posts):,} posts of the dump.", *_sentences(estimate)]
    return draw_contact_sheet(f"Preview of keyphrases by {preview.model}", " ".join(about), cards)


def _lines(shown: PreviewedPost) -> list[Text]:
    picture = shown.picture
    size = f"picture {picture.width}x{picture.height}" if picture else "no picture"
    if shown.picture_dropped:
        size += ", dropped by the gate"
    head = f"{printable(shown.post.id)}  ({size})  {printable(shown.post.text[:_CHARACTERS])}"
    chips = "   ".join(f"{printable(phrase)} {score:.2f}" for phrase, score in shown.keyphrases)
    lines = [Text(head, style="bold")]
    if shown.words and not shown.picture_dropped:
        lines.append(Text(f"   words in the picture: {printable(shown.words)}"))
    return [*lines, Text(f"   {chips or '(no keyphrases)'}", style="cyan")]


def _sentences(estimate: Estimate | None) -> Iterator[str]:
    if estimate is None:
        yield "There is no good post to show, and none to estimate with."
        return
    held = "" if estimate.held is None else f", and the index holds {_posts(estimate.held)}"
    yield f"The dump has {_posts(estimate.posts)}{held}."
    yield (
        f"A post takes an actor {_seconds(estimate.seconds_per_post)}, measured on "
        f"{_posts(estimate.measured)} of which {estimate.with_picture:.0%} have a picture: "
        "the fewer, the rougher."
    )
    most = "At most" if estimate.at_most else "About"
    price = ""
    if estimate.price is not None:
        price = f", and costs {estimate.price:,.2f} at {estimate.price_per_hour:,g} an actor-hour"
    actors = "1 actor does" if estimate.actors == 1 else f"{estimate.actors} actors do"
    yield (
        f"{most} {estimate.model_hours:,.2f} model-hours, which {actors} in "
        f"{timedelta(hours=estimate.hours) // timedelta(seconds=1) * timedelta(seconds=1)}{price}."
    )


def _post(shown: PreviewedPost) -> dict[str, Any]:
    picture = shown.picture
    return {
        "id": shown.post.id,
        "text": shown.post.text,
        "picture": None if picture is None else {"width": picture.width, "height": picture.height},
        "words": shown.words,
        "picture_dropped": shown.picture_dropped,
        "keyphrases": [one._asdict() for one in shown.keyphrases],
    }


def _posts(count: int) -> str:
    return f"{count:,} post{'' if count == 1 else 's'}"


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 0.1 else f"{1000 * seconds:.1f} ms"
