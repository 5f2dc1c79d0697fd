"""`keyphrases demo`: the whole thing at work, on real pictures and on posts that it draws."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from keyphrases.chosen_model import chosen_model
from keyphrases.console import err
from keyphrases.demo.own_pictures import MOST_PICTURES, find_pictures, write_dump
from keyphrases.demo.places import PicturePlaces, Places
from keyphrases.demo.steps import Part, Steps
from keyphrases.named_files import NamedPost
from model_store.store import Store
from posts.clip_art import CLIP_ART
from posts.errors import InputError

_LEAST_POSTS = 100
"""Of fewer there is nothing to learn."""


@click.command(name="demo")
@click.option(
    "--pictures",
    "folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="FOLDER",
    help=f"Index and show your own pictures instead, the first {MOST_PICTURES} of this folder by "
    "name, and train nothing. cat.txt beside cat.jpg is its text. Subfolders are left out. All is "
    "copied below --out; what an earlier --pictures left there is replaced.",
)
@click.option(
    "--out",
    "root",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo-output"),
    show_default=True,
    help="Folder for all that the demo makes.",
)
@click.option("--posts", default=2_000, show_default=True, help="Sample posts to draw.")
@click.option("--store", help="Store of another model for the pictures.  [default: what ships]")
@click.option("--model", help="Its NAME, NAME@VERSION or NAME@ALIAS.")
@click.option("--fresh", is_flag=True, help="Remove what an earlier demo made there first.")
def command(
    folder: Path | None, root: Path, posts: int, store: str | None, model: str | None, fresh: bool
) -> None:
    """Give real pictures keyphrases and search them; then train a small model on drawn posts.

    The pictures are clip art that comes with the package, the model is the one that ships, and
    nothing is fetched from anywhere.
    """
    if posts < _LEAST_POSTS:
        raise InputError(f"--posts must be at least {_LEAST_POSTS}, or there is nothing to learn")
    chosen = chosen_model(store, model)
    version = Store(chosen.store).resolve(chosen.model)
    found = None if folder is None else find_pictures(folder)
    places = Places(root)
    if fresh:
        places.clear()
    # Only here: they load torch and Ray, and what is wrong should be told at once.
    from keyphrases.demo.picture_part import PicturePart
    from keyphrases.demo.training_part import TrainingPart

    if found is None:
        what = "the clip art that comes with the package"
        pictures = PicturePart(CLIP_ART, what, places.pictures, chosen, version)
        parts: list[Part] = [pictures, TrainingPart(places, posts)]
    else:
        own = places.own_pictures
        _copy(found, own)
        parts = [PicturePart(own.dump, f"the pictures in {folder}", own, chosen, version)]
    steps = Steps()
    for part in parts:
        part.show(steps)
    steps.end(
        [place for part in parts for place in part.made],
        [part.search for part in parts],
        [part.page for part in parts],
    )


def _copy(found: Sequence[NamedPost], places: PicturePlaces) -> None:
    if len(found) > MOST_PICTURES:
        err.print(f"of {len(found):,} pictures the first {MOST_PICTURES} by name are taken")
    places.clear()
    for name, why in write_dump(found[:MOST_PICTURES], places.dump):
        err.print(f"{name}: {why}; left out", markup=False)
