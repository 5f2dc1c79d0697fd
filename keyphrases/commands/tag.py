"""`keyphrases tag`: keyphrases for a few pictures and texts, at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson
from rich.text import Text

from keyphrases.chosen_model import chosen_model
from keyphrases.console import Bar, err, out, printable
from keyphrases.named_files import NamedPost, ReadPost, named_posts, read_post
from model_store.picture_size import picture_size
from model_store.store import Store
from posts.errors import InputError, JobError
from posts.ocr import add_words, ocr_version
from posts.phrases import Keyphrase

if TYPE_CHECKING:
    from model_store.keyphraser import Keyphraser

_BATCH = 16
"""Posts whose pictures are held decoded at once."""
_LEAST_TEXT = 20
"""Columns of a terminal for the beginning of a text, however long the name before it."""
_READ = 1000
"""Characters of a text that are looked at for that; no terminal is wider."""
_GAP = "   "
"""Before a keyphrase."""


@dataclass(frozen=True, kw_only=True)
class Tagged:
    """What the model says of a post, or why it was not asked; the picture itself is let go."""

    id: str
    text: str
    keyphrases: Sequence[Keyphrase] = ()
    error: str | None = None

    @classmethod
    def of(cls, post: ReadPost, keyphrases: Sequence[Keyphrase] = ()) -> Tagged:
        return cls(id=post.id, text=post.text, keyphrases=keyphrases, error=post.error)

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "id": self.id,
            "text": self.text,
            "keyphrases": [one._asdict() for one in self.keyphrases],
            "error": self.error,
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

    A folder stands for the pictures and texts in it. Of the files named, cat.jpg and cat.txt (or
    cat.jpg.txt) in one folder are one post; cat.txt is also the text of a cat.png beside them.
    --text goes with the pictures that have no such file. Write -- before a name that begins with
    a dash.

    A file that cannot be used is told, and the others are tagged. Exit code 0: all were tagged.
    1: some were. 2: none was.
    """
    posts = named_posts(files, text)
    chosen = chosen_model(store, model)
    if ocr:
        ocr_version()
    with Bar("load the model") as bar:
        tagged = []
        for one in _tag(Store(chosen.store).fetch(chosen.model), posts, ocr):
            tagged.append(one)
            bar.show("tag", len(tagged), len(posts), "")
    if as_json:
        content = orjson.dumps([one.to_json() for one in tagged], option=orjson.OPT_INDENT_2)
        click.echo(content)
    bad = [one for one in tagged if one.error]
    if len(bad) == len(tagged):
        rest = len(bad) - 1
        others = f" (nor {rest} {'other' if rest == 1 else 'others'})" if rest else ""
        raise InputError(f"{bad[0].id} cannot be tagged{others}: {bad[0].error}")
    if not as_json:
        _show([one for one in tagged if not one.error])
        for one in bad:
            err.print(printable(f"{one.id}: {one.error}"), markup=False)
    if bad:
        raise JobError(f"{len(bad)} of {len(tagged)} could not be tagged")


def _tag(bundle: Path, posts: Sequence[NamedPost], ocr: bool) -> Iterator[Tagged]:
    """Each post in order; pictures are decoded a batch at a time."""
    keyphraser: Keyphraser | None = None
    size = picture_size(bundle)
    for start in range(0, len(posts), _BATCH):
        read = [read_post(post, size, ocr=ocr) for post in posts[start : start + _BATCH]]
        good = [post for post in read if not post.error]
        texts = [add_words(post.text, post.words) for post in good]
        # For files of which none can be used neither torch nor the model is loaded.
        if good and keyphraser is None:
            from model_store.keyphraser import Keyphraser

            keyphraser = Keyphraser.load(bundle)
        pictures = [post.picture for post in good]
        answers = iter(keyphraser(texts, pictures) if good and keyphraser else ())
        for post in read:
            yield Tagged.of(post) if post.error else Tagged.of(post, next(answers))


def _show(tagged: Sequence[Tagged]) -> None:
    """Each post as `keyphrases search` shows hits: its text, then its keyphrases with scores."""
    for number, one in enumerate(tagged):
        if number:
            out.print()
        head = Text(printable(one.id), "bold")
        text = Text(printable(one.text[:_READ]))
        text.truncate(max(_LEAST_TEXT, out.width - head.cell_len - 2), overflow="ellipsis")
        out.print(Text.assemble(head, "  " if text else "", text))
        for line in _lines(one.keyphrases):
            out.print(line)


def _lines(keyphrases: Sequence[Keyphrase]) -> Iterator[Text]:
    """Keyphrases side by side, none of them cut at the end of a line."""
    if not keyphrases:
        yield Text.assemble(_GAP, ("(no keyphrases)", "dim"))
    line = Text()
    for phrase, score in keyphrases:
        chip = Text.assemble(_GAP, (phrase, "cyan"), " ", (f"{score:.2f}", "dim"))
        if line and line.cell_len + chip.cell_len > out.width:
            yield line
            line = Text()
        line.append_text(chip)
    if line:
        yield line
