"""`keyphrases tag`: keyphrases for a few pictures and texts, at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import orjson
from rich.markup import escape
from rich.table import Table

from keyphrases.chosen_model import chosen_model
from keyphrases.console import Bar, err, out
from keyphrases.named_files import NamedPost, ReadPost, named_posts, read_post
from model_store.keyphraser import Keyphraser
from model_store.store import Store
from posts.errors import InputError
from posts.ocr import add_words, ocr_version, read_words
from posts.phrases import Keyphrase

_BATCH = 16
"""Posts whose pictures are held decoded at once."""
_SHOWN = 60
"""Characters of a text in the table."""


@dataclass(frozen=True, kw_only=True)
class Tagged:
    """A post and what the model says of it."""

    post: ReadPost
    keyphrases: Sequence[Keyphrase] = ()

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "id": self.post.id,
            "text": self.post.text,
            "keyphrases": [one._asdict() for one in self.keyphrases],
            "error": self.post.error,
        }


@click.command(name="tag")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="FILE...")
@click.option("--text", default="", help="Text of the pictures, or to be tagged by itself.")
@click.option("--store", help="Model store: local path or s3://bucket/prefix.  [default: ships]")
@click.option("--model", help="NAME, NAME@VERSION or NAME@ALIAS; NAME alone is what is promoted.")
@click.option("--ocr", is_flag=True, help="Show the model the words in pictures too.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
def command(
    files: tuple[Path, ...],
    text: str,
    store: str | None,
    model: str | None,
    ocr: bool,
    as_json: bool,
) -> None:
    """Print the keyphrases of pictures and texts, with scores.

    A folder stands for the pictures and texts in it. cat.jpg and cat.txt beside it are one post.
    A file that cannot be used is told, and the others are tagged; if none can, the exit code is 2.
    """
    posts = named_posts(files, text)
    chosen = chosen_model(store, model)
    if ocr:
        ocr_version()
    with Bar("load the model") as bar:
        keyphraser = Keyphraser.load(Store(chosen.store).fetch(chosen.model))
        tagged = []
        for one in _tag(keyphraser, posts, ocr):
            tagged.append(one)
            bar.show("tag", len(tagged), len(posts), "")
    if all(one.post.error for one in tagged):
        first = tagged[0].post
        others = f" (nor {len(tagged) - 1} others)" if len(tagged) > 1 else ""
        raise InputError(f"{first.id} cannot be tagged{others}: {first.error}")
    if as_json:
        content = orjson.dumps([one.to_json() for one in tagged], option=orjson.OPT_INDENT_2)
        click.echo(content.decode())
        return
    out.print(_table([one for one in tagged if not one.post.error]))
    for one in tagged:
        if one.post.error:
            err.print(f"{one.post.id}: {one.post.error}", markup=False)


def _tag(keyphraser: Keyphraser, posts: Sequence[NamedPost], ocr: bool) -> Iterator[Tagged]:
    """Each post in order; pictures are decoded a batch at a time."""
    for start in range(0, len(posts), _BATCH):
        some = posts[start : start + _BATCH]
        read = [read_post(post) for post in some]
        good = [post for post in read if not post.error]
        texts = [_with_words(p) if ocr else p.text for p in good]
        answers = iter(keyphraser(texts, [p.picture for p in good]))
        for post in read:
            yield Tagged(post=post) if post.error else Tagged(post=post, keyphrases=next(answers))


def _with_words(post: ReadPost) -> str:
    return post.text if post.picture is None else add_words(post.text, read_words(post.picture))


def _table(tagged: Sequence[Tagged]) -> Table:
    drawn = Table(header_style="bold", show_lines=True)
    for column in ("post", "text", "keyphrases"):
        drawn.add_column(column, overflow="fold")
    for one in tagged:
        text = " ".join(one.post.text.split())
        short = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
        chips = "   ".join(f"{escape(phrase)} {score:.2f}" for phrase, score in one.keyphrases)
        drawn.add_row(escape(one.post.id), escape(short), chips or "(none)")
    return drawn
